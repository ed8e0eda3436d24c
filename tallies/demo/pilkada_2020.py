"""The 19 East Java contests of 9 December 2020 as data: pairs, official votes, voters, support, targets.

Every figure is the published one, with its source, except where a field is named in ``assumed_fields``:
those could not be found and are filled by the assumption written out in ``assumptions`` (shown to users,
hence in Bahasa Indonesia). A text that begins with "CATATAN" qualifies a published figure instead of
replacing a missing one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

VOTING_DAY = date(2020, 12, 9)
STATION_CAP = 500
"""Voters on the list of one station: at most 500 in 2020, instead of the 800 of the law."""
TOTAL_STATIONS = 48_607
EMPTY_BOX = "Kolom kosong"


@dataclass(frozen=True, slots=True)
class DemoPair:
    """One row of section IV: a pair, or the empty box (number 0) a lone pair runs against."""

    number: int
    name: str
    votes: int
    backing: str
    """The nominating parties as the press listed them, or "perseorangan"; "-" for the empty box."""
    usungan: bool
    """Whether PDI Perjuangan supported this pair."""


@dataclass(frozen=True, slots=True)
class DemoContest:
    """One regency or city election with its official result."""

    code: str
    name: str
    registered_voters: int
    stations: int
    pairs: tuple[DemoPair, ...]
    valid_votes: int
    invalid_votes: int
    target: bool
    """On the party's list of 2019 of regions it expected to win."""
    office: Literal["bupati", "walikota"]
    source: str
    assumptions: tuple[str, ...] = ()
    assumed_fields: tuple[str, ...] = ()
    """Names of the fields above whose value is assumed, not published."""

    @property
    def voters(self) -> int:
        return self.valid_votes + self.invalid_votes

    @property
    def ranking(self) -> tuple[DemoPair, ...]:
        return tuple(sorted(self.pairs, key=lambda pair: (-pair.votes, pair.number)))

    @property
    def winner(self) -> DemoPair:
        return self.ranking[0]

    @property
    def margin(self) -> int:
        """Votes between the winner and the runner-up (the empty box counts as one)."""
        first, second = self.ranking[:2]
        return first.votes - second.votes

    @property
    def usungan(self) -> DemoPair:
        """The pair the party supported: there is exactly one in every contest of this election."""
        (pair,) = (pair for pair in self.pairs if pair.usungan)
        return pair

    @property
    def won(self) -> bool:
        return self.winner.usungan


CONTESTS: tuple[DemoContest, ...] = (
    DemoContest(
        code="35.78",
        name="Kota Surabaya",
        registered_voters=2_089_027,
        stations=5_184,
        pairs=(
            DemoPair(1, "Eri Cahyadi-Armudji", 597_540, "PDIP (+PSI & nonparlemen)", True),
            DemoPair(
                2,
                "Machfud Arifin-Mujiaman",
                451_794,
                "PKB PAN Gerindra PPP Demokrat Nasdem Golkar PKS",
                False,
            ),
        ),
        valid_votes=1_049_334,
        invalid_votes=49_135,
        target=True,
        office="walikota",
        source="voi.id/berita/23426; republika qlhcbb428; ngopibareng 4042540 (DPT,TPS)",
    ),
    DemoContest(
        code="35.06",
        name="Kabupaten Kediri",
        registered_voters=1_231_512,
        stations=3_311,
        pairs=(
            DemoPair(
                1,
                "Hanindhito Himawan Pramana-Dewi Mariya Ulfa",
                590_644,
                "PDIP PKB Nasdem PAN Golkar Gerindra Demokrat PKS PPP",
                True,
            ),
            DemoPair(0, "Kolom kosong", 181_155, "-", False),
        ),
        valid_votes=771_799,
        invalid_votes=32_058,
        target=True,
        office="bupati",
        source="jatim.antaranews 440976; cnnindonesia 583328; TPS: jogja.tribunnews 2020-12-10",
    ),
    DemoContest(
        code="35.07",
        name="Kabupaten Malang",
        registered_voters=2_008_544,
        stations=4_999,
        pairs=(
            DemoPair(1, "Sanusi-Didik Gatot Subroto", 530_449, "PDIP Golkar Nasdem Gerindra Demokrat PPP", True),
            DemoPair(2, "Lathifah Shohib-Didik Budi Muljono", 491_816, "PKB Hanura", False),
            DemoPair(3, "Heri Cahyono-Gunadi Handoko", 143_327, "perseorangan", False),
        ),
        valid_votes=1_165_592,
        invalid_votes=49_195,
        target=False,
        office="bupati",
        source="kadenews 13244; liputan6 4435963 (DPT+DPTb 2.008.544)",
        assumptions=(
            (
                "CATATAN: 2.008.544 adalah DPT ditambah DPTb; DPT saja tidak ditemukan. Di sini angka itu"
                " dipakai sebagai DPT."
            ),
        ),
    ),
    DemoContest(
        code="35.09",
        name="Kabupaten Jember",
        registered_voters=1_825_386,
        stations=4_752,
        pairs=(
            DemoPair(1, "Faida-Dwi Arya Nugraha Oktavianto", 328_729, "perseorangan", False),
            DemoPair(
                2,
                "Hendy Siswanto-M. Balya Firjaun Barlaman",
                489_794,
                "Nasdem Gerindra Demokrat PPP PKS",
                False,
            ),
            DemoPair(3, "Abdus Salam-Ifan Ariadna Wijaya", 232_648, "PKB PDIP Golkar Perindo PAN Berkarya", True),
        ),
        valid_votes=1_051_171,
        invalid_votes=17_562,
        target=True,
        office="bupati",
        source="jatim.antaranews 441160; tirto f7VB (DPT,TPS,pengusung)",
    ),
    DemoContest(
        code="35.15",
        name="Kabupaten Sidoarjo",
        registered_voters=1_404_887,
        stations=3_531,
        pairs=(
            DemoPair(1, "Bambang Haryo Soekartono-M. Taufiqulbar", 373_516, "Golkar PKS Demokrat PPP", False),
            DemoPair(2, "Ahmad Muhdlor Ali-Subandi", 387_766, "PKB", False),
            DemoPair(3, "Kelana Aprilianto-Dwi Astutik", 212_594, "PDIP PAN", True),
        ),
        valid_votes=973_876,
        invalid_votes=38_544,
        target=False,
        office="bupati",
        source="faktualnews 247174; kalsel.antaranews 1899000 (DPT); beritajatim (TPS)",
    ),
    DemoContest(
        code="35.25",
        name="Kabupaten Gresik",
        registered_voters=918_192,
        stations=2_267,
        pairs=(
            DemoPair(1, "Moh. Qosim-Asluchul Alif", 355_611, "PKB Gerindra", False),
            DemoPair(2, "Fandi Akhmad Yani-Aminatun Habibah", 369_844, "Golkar PDIP Nasdem Demokrat PAN PPP", True),
        ),
        valid_votes=725_455,
        invalid_votes=19_744,
        target=False,
        office="bupati",
        source=(
            "jatim.antaranews 440876 (total dilaporkan 745.229, jumlah sah+tidak sah = 745.199: "
            "selisih 30 di sumber); jatimnet (TPS); Kompas: DPT 921.351"
        ),
        assumptions=(
            (
                "CATATAN: sumber menulis total 745.229, padahal suara sah dan tidak sah berjumlah 745.199"
                " (selisih 30). Di sini dipakai jumlah bagian-bagiannya."
            ),
        ),
    ),
    DemoContest(
        code="35.24",
        name="Kabupaten Lamongan",
        registered_voters=1_038_756,
        stations=3_070,
        pairs=(
            DemoPair(1, "Suhandoyo-Astiti Suwarni", 296_667, "perseorangan", False),
            DemoPair(
                2,
                "Yuhronur Efendi-Abdul Rouf",
                336_154,
                "Gerindra Golkar Nasdem Perindo PPP PAN Hanura Demokrat",
                False,
            ),
            DemoPair(3, "Kartika Hidayati-Saim", 157_296, "PKB PDIP", True),
        ),
        valid_votes=790_117,
        invalid_votes=14_444,
        target=True,
        office="bupati",
        source="antaranews 1900572; radarbangsa; lamongantoday (TPS 3.070; KPU web 3.071)",
    ),
    DemoContest(
        code="35.23",
        name="Kabupaten Tuban",
        registered_voters=944_021,
        stations=2_237,
        pairs=(
            DemoPair(1, "Khozanah Hidayati-Muhammad Anwar", 170_955, "PKB (Nasdem Hanura)", False),
            DemoPair(2, "Aditya Halindra Faridzky-Riyadi", 423_236, "Golkar Demokrat PKS", False),
            DemoPair(3, "Setiajit-RM Armaya Mangkunegara", 110_998, "PDIP Gerindra PPP PAN PBB", True),
        ),
        valid_votes=705_189,
        invalid_votes=15_900,
        target=True,
        office="bupati",
        source="halopantura (DPT 944.021); jatim.antaranews 440992 (DPT 946.351); antaranews 1898492 (TPS)",
    ),
    DemoContest(
        code="35.16",
        name="Kabupaten Mojokerto",
        registered_voters=823_014,
        stations=2_084,
        pairs=(
            DemoPair(
                1,
                "Ikfina Fahmawati-Muhammad Al Barra",
                405_157,
                "Nasdem Gerindra PKS Demokrat PAN Hanura",
                False,
            ),
            DemoPair(2, "Yoko Priyono-Choirun Nisa", 95_481, "PPP Golkar", False),
            DemoPair(3, "Pungkasiadi-Titik Masudah", 120_458, "PDIP PKB PBB", True),
        ),
        valid_votes=621_096,
        invalid_votes=27_327,
        target=True,
        office="bupati",
        source="bisnis 1332567; tribunnews 2020-12-17 (DPT; menulis tidak sah 27.321); jatimnet (TPS)",
    ),
    DemoContest(
        code="35.75",
        name="Kota Pasuruan",
        registered_voters=146_618,
        stations=357,
        pairs=(
            DemoPair(1, "Saifullah Yusuf-Adi Wibowo", 73_236, "PKB Golkar PKS PAN PPP", False),
            DemoPair(2, "Raharto Teno Prasetyo-M. Hasjim Asjari", 34_572, "PDIP Nasdem Hanura Gerindra", True),
        ),
        valid_votes=107_808,
        invalid_votes=3_494,
        target=True,
        office="walikota",
        source="jatim.antaranews 440972; wartabromo 2020-12-14 (TPS)",
        assumptions=(
            (
                "ANDAIAN: suara tidak sah Kota Pasuruan tidak ditemukan. Dipakai bagian suara tidak sah "
                "dari 18 kontes lain (3,14% dari suara sah dan tidak sah) = 3.494."
            ),
        ),
        assumed_fields=("invalid_votes",),
    ),
    DemoContest(
        code="35.05",
        name="Kabupaten Blitar",
        registered_voters=961_971,
        stations=2_278,
        pairs=(
            DemoPair(1, "Rijanto-Marhaenis Urip Widodo", 255_604, "PDIP Gerindra Golkar Nasdem Demokrat PPP", True),
            DemoPair(2, "Rini Syarifah-Rahmat Santoso", 365_365, "PKB PAN PKS", False),
        ),
        valid_votes=620_969,
        invalid_votes=24_173,
        target=True,
        office="bupati",
        source=(
            "bacaini.id; lenteratoday 32418; (detik & gatra menulis 255.694 = salah ketik, "
            "620.969-365.365=255.604); babel.antaranews (TPS)"
        ),
    ),
    DemoContest(
        code="35.72",
        name="Kota Blitar",
        registered_voters=114_890,
        stations=259,
        pairs=(
            DemoPair(1, "Henry Pradipta Anwar-Yasin Hermanto", 37_362, "PKB Golkar PKS", False),
            DemoPair(2, "Santoso-Tjutjuk Sunario", 50_258, "PDIP Gerindra PPP Demokrat Hanura", True),
        ),
        valid_votes=87_620,
        invalid_votes=3_288,
        target=True,
        office="walikota",
        source="jatim.antaranews 440612; bisnis 1331194 (TPS)",
    ),
    DemoContest(
        code="35.02",
        name="Kabupaten Ponorogo",
        registered_voters=759_045,
        stations=2_080,
        pairs=(
            DemoPair(1, "Sugiri Sancoko-Lisdyarita", 352_047, "PDIP PAN PPP Hanura", True),
            DemoPair(
                2,
                "Ipong Muchlissoni-Bambang Tri Wahono",
                218_073,
                "Nasdem PKB Gerindra Demokrat Golkar PKS",
                False,
            ),
        ),
        valid_votes=570_120,
        invalid_votes=17_489,
        target=False,
        office="bupati",
        source=("jatim.antaranews 440952 (pengguna 587.609; tidak sah = 587.609-570.120, DIHITUNG); bisnis (TPS)"),
    ),
    DemoContest(
        code="35.01",
        name="Kabupaten Pacitan",
        registered_voters=479_852,
        stations=1_299,
        pairs=(
            DemoPair(
                1,
                "Indrata Nur Bayu Aji-Gagarin",
                226_741,
                "Demokrat Golkar PPP PKS Gerindra Hanura Nasdem",
                False,
            ),
            DemoPair(2, "Yudi Sumbogo-Isyah Ansori", 76_077, "PDIP PKB", True),
        ),
        valid_votes=302_818,
        invalid_votes=11_641,
        target=False,
        office="bupati",
        source=(
            "republika qle4i9320; lancangkuning (TPS 1.299). Catatan: republika menulis 72,1%/24,2% ="
            " terhadap total 314.459"
        ),
        assumptions=(
            (
                "ANDAIAN: DPT Pacitan tidak ditemukan. Dipakai rata-rata pemilih per TPS dua kabupaten "
                "tetangga, Ponorogo dan Trenggalek (1.340.925 pemilih di 3.630 TPS), dikalikan 1.299 TPS "
                "= 479.852."
            ),
        ),
        assumed_fields=("registered_voters",),
    ),
    DemoContest(
        code="35.03",
        name="Kabupaten Trenggalek",
        registered_voters=581_880,
        stations=1_550,
        pairs=(
            DemoPair(1, "Alfan Rianto-Zaenal Fanani", 121_406, "PKB PKS", False),
            DemoPair(
                2,
                "Mochamad Nur Arifin-Syah M. Natanegara",
                259_844,
                "PDIP Golkar Demokrat Gerindra PAN Hanura PPP",
                True,
            ),
        ),
        valid_votes=381_250,
        invalid_votes=13_864,
        target=True,
        office="bupati",
        source="harianbhirawa; detik d-5296489; tribunnews 2020-12-08 (DPT,TPS)",
    ),
    DemoContest(
        code="35.21",
        name="Kabupaten Ngawi",
        registered_voters=687_448,
        stations=1_807,
        pairs=(
            DemoPair(1, "Ony Anwar-Dwi Rianto Jatmiko", 471_082, "PDIP + 9 partai", True),
            DemoPair(0, "Kolom kosong", 27_831, "-", False),
        ),
        valid_votes=498_913,
        invalid_votes=32_410,
        target=True,
        office="bupati",
        source=(
            "kampoengngawi (pengguna 531.323; tidak sah = 531.323-498.913, DIHITUNG); bangsaonline "
            "84811; detik menulis 27.381 (salah ketik)"
        ),
        assumptions=(
            (
                "ANDAIAN: jumlah TPS Ngawi tidak ditemukan. Ngawi dan Situbondo bersama-sama 3.104 TPS "
                "(48.607 dikurangi 17 kontes lain), dibagi menurut DPT dengan sisa terbesar: Ngawi 1.807."
            ),
        ),
        assumed_fields=("stations",),
    ),
    DemoContest(
        code="35.29",
        name="Kabupaten Sumenep",
        registered_voters=822_320,
        stations=2_500,
        pairs=(
            DemoPair(1, "Achmad Fauzi-Dewi Khalifah", 319_876, "PDIP Gerindra PAN PKS PBB", True),
            DemoPair(2, "Fattah Jasin-Ali Fikri", 296_676, "PKB PPP Demokrat Hanura Golkar", False),
        ),
        valid_votes=616_552,
        invalid_votes=7_300,
        target=True,
        office="bupati",
        source="liputan6 4411237; koranmadura (TPS)",
    ),
    DemoContest(
        code="35.12",
        name="Kabupaten Situbondo",
        registered_voters=493_441,
        stations=1_297,
        pairs=(
            DemoPair(1, "Karna Suswandi-Khoirani", 200_591, "PPP Gerindra PDIP Demokrat", True),
            DemoPair(2, "Yoyok Mulyadi-Abu Bakar Abdi", 178_032, "PKB Golkar PKS Hanura Nasdem", False),
        ),
        valid_votes=378_623,
        invalid_votes=4_321,
        target=False,
        office="bupati",
        source="jatimnet; harianbhirawa; detik d-5298090 (DPT)",
        assumptions=(
            (
                "ANDAIAN: jumlah TPS Situbondo tidak ditemukan. Ngawi dan Situbondo bersama-sama 3.104 "
                "TPS (48.607 dikurangi 17 kontes lain), dibagi menurut DPT dengan sisa terbesar: "
                "Situbondo 1.297."
            ),
        ),
        assumed_fields=("stations",),
    ),
    DemoContest(
        code="35.10",
        name="Kabupaten Banyuwangi",
        registered_voters=1_304_909,
        stations=3_745,
        pairs=(
            DemoPair(1, "Yusuf Widyatmoko-Muhammad Riza Aziziy", 398_113, "PKB Demokrat Golkar PKS", False),
            DemoPair(2, "Ipuk Fiestiandani-Sugirah", 438_847, "PDIP Gerindra Nasdem PPP Hanura", True),
        ),
        valid_votes=836_960,
        invalid_votes=15_242,
        target=True,
        office="bupati",
        source=("bangsaonline 84773; mediaindonesia 369635; rmol menulis 438.874 (salah ketik); tirto f7Yl (TPS)"),
    ),
)

# The dispute threshold of Pasal 158 UU 10/2016 depends on the resident population, for which no source is
# at hand. None means unknown: no contest may be classified as inside or outside the threshold until a
# figure is entered.
POPULATION: Mapping[str, int | None] = MappingProxyType({contest.code: None for contest in CONTESTS})


def contest_by_code(code: str) -> DemoContest:
    """The contest of this regency or city; KeyError when it did not vote on that day."""
    for contest in CONTESTS:
        if contest.code == code:
            return contest
    raise KeyError(code)

"""Fictitious names for simulated witnesses: common words put together at random, meaning nobody."""

from random import Random

_MEN_FIRST = """
    Anang Arif Bagus Dimas Edi Fajar Galih Hadi Jumadi Karyono Kasiyan Mulyadi Ngadimin Paijo Ponidi
    Rokim Samsul Slamet Sugeng Sukirno Sunaryo Suparno Sutikno Taufan Untung Wagiman Wasis Yoga
    Zainul
"""
_MEN_SECOND = """
    Basuki Febrianto Handoko Hariyadi Iswanto Kuncoro Kusnadi Mahmudi Mustakim Nurcahyo Pamungkas
    Prasetya Pratama Priyono Purwanto Raharjo Saifudin Santosa Sasongko Setyawan Subekti Sulaiman
    Supriyadi Susanto Triyono Utomo Winarno
"""
_WOMEN_FIRST = """
    Anik Astutik Binti Dewi Dyah Endang Erna Fitri Indah Ismi Kasmiati Lilik Luluk Mariyam Nanik
    Nining Novi Painem Ratna Rukmini Sarinah Siti Sri Sulastri Tutik Umi Wiwik Yayuk Yuni
"""
_WOMEN_SECOND = """
    Andayani Asmawati Budiarti Fauziyah Handayani Hartini Hasanah Iswati Khotimah Kusumawati Lestari
    Maisaroh Mahmudah Mulyani Ningsih Nurjanah Pertiwi Puspita Rahayu Rohmah Setyowati Sholikah
    Suprapti Susanti Utami Wahyuni Winarsih
"""
_WORDS = (
    (_MEN_FIRST.split(), _MEN_SECOND.split()),
    (_WOMEN_FIRST.split(), _WOMEN_SECOND.split()),
)


def person_name(rng: Random) -> str:
    """A first and a second name, of a man or a woman equally often; names repeat, as they do in life."""
    first, second = rng.choice(_WORDS)
    return f"{rng.choice(first)} {rng.choice(second)}"

"""What stands in README.txt of an exported archive: for who opens it without an account, so in Indonesian only."""

README = """\
ARSIP SISTA
===========

Wilayah   : {region}
Pemilihan : {election}
Angka per : {moment}

Formulir C1 (semua versi): {forms}
D.Hasil (semua versi)    : {recaps}
Foto asli                : {photos}
Foto tanpa berkas        : {missing}

Hasil di sini adalah catatan saksi partai, bukan hasil resmi KPU.

ISI

formulir-c1.jsonl  Satu formulir sebaris, sebagai JSON. "isi" adalah isi yang diberi sidik: SHA-256 dari JSON
                   kanoniknya (kunci diurutkan, tanpa spasi, huruf bukan ASCII sebagai \\u....) sama dengan
                   "content_hash".
formulir-c1.csv    Formulir yang sama sebagai tabel. Sel kosong: kotak di formulir kosong. Nol ditulis 0.
d-hasil.jsonl      Satu D.Hasil sebaris, sekolom tiap wilayah.
karantina.jsonl    Kiriman sesudah penugasan dicabut. Tidak pernah dihitung.
jejak-audit.jsonl  Peristiwa tiap TPS. Setiap peristiwa memuat sidik peristiwa sebelumnya.
foto/              Foto asli, dinamai dengan SHA-256 isinya. Data EXIF di dalam foto tidak diubah.
foto-hilang.txt    Hanya ada bila ada foto yang berkasnya hilang atau rusak.

MEMERIKSA

Buka ZIP ini ke sebuah folder, lalu di folder itu:

    sha256sum -c MANIFEST.sha256

Setiap baris harus OK. Di Mac: shasum -a 256 -c MANIFEST.sha256

DATA PRIBADI

Di sini ada nama saksi, tanpa nomor telepon. Serahkan hanya kepada yang berhak, dan hapus bila tidak diperlukan lagi.
"""

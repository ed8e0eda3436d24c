"""README.txt of a pack: what it is and how it is checked, for somebody who has never heard of Sista."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_TEXT = """\
PAKET BUKTI
{title}
{election}
{place}

{warnings}

Angka per       : {as_of}
TPS masuk       : {have} dari {all}
Dibuat oleh     : {maker}
Nomor paket     : {pack}
Alamat di arsip : {address}


ISI

laporan.pdf     laporan untuk dibaca dan dicetak. Bila TPS-nya banyak, setiap desa/kelurahan
                punya laporan sendiri di folder laporan/.
photos/         foto asli, byte demi byte seperti diterima dari saksi. Nama berkas adalah
                SHA-256 isinya. Foto asli memuat keterangan kamera (EXIF), mungkin juga lokasi.
figures.json    setiap TPS: formulir yang dihitung, semua versi dengan pengirim, waktu, saluran
                dan sidik isi, bacaan kedua, keputusan dengan alasannya, dan rantai audit.
totals.json     jumlah per desa/kelurahan, kecamatan dan wilayah, seperti tersimpan.
findings.json   temuan dan jawaban orang atasnya.
photos.json     keterangan setiap foto.
manifest.json   ukuran dan SHA-256 setiap berkas di atas, kecuali laporan.
laporan.json    ukuran dan SHA-256 laporan (PDF), dan SHA-256 manifest.json.
verify.py       pemeriksa.


CARA MEMERIKSA

1. Pasang Python 3.8 atau yang lebih baru (python.org). Tidak perlu jaringan atau paket lain.
2. Buka ZIP ini ke sebuah folder, lalu jalankan di folder itu:
       python verify.py
   (di Windows: klik dua kali verify.py, atau py verify.py)
3. "HASIL: COCOK" berarti: tidak ada berkas yang berubah, hilang atau bertambah; sidik isi setiap
   formulir dan rantai audit setiap TPS terhitung ulang sama; setiap jumlah sama dengan
   penjumlahan TPS-nya. Satu byte atau satu angka yang diubah membuat hasilnya TIDAK COCOK.
4. Bandingkan SHA-256 manifest.json dengan yang tercetak di setiap halaman laporan dan yang
   tercatat di arsip. Tanpa Python pun bisa:
       Windows:        certutil -hashfile manifest.json SHA256
       Linux, macOS:   shasum -a 256 manifest.json
   Arsip juga mencatat SHA-256 seluruh ZIP: python verify.py bukti.zip menyebutkannya.

Pemeriksa yang asli dapat diunduh sendiri dari arsip, di halaman paket bukti.


CARA SIDIK DIHITUNG

Sidik isi formulir   SHA-256 atas "content" sebagai JSON: kunci terurut, tanpa spasi, huruf
                     di luar ASCII ditulis \\uXXXX.
Rantai audit         SHA-256 atas JSON yang sama dari daftar [result_id, seq, at, actor, action,
                     content, previous]; "previous" adalah sidik peristiwa sebelumnya.
Suara sah dihitung   yang tertulis, atau jumlah suara paslon bila kotaknya kosong. Kotak kosong
                     (null) berbeda dari nol.
"""


def readme(head: dict[str, Any]) -> str:
    """The text for the pack with this ``head``. Windows' own editor wants CRLF."""
    region = head["region"]
    warnings = [head["notice"]]
    if head["is_practice"]:
        warnings.insert(0, "LATIHAN. Angka ini tidak dihitung.")
    if head["is_simulation"]:
        warnings.append("Data simulasi")
    moment = datetime.fromisoformat(head["as_of"]).astimezone(ZoneInfo(region["zone"]))
    text = _TEXT.format(
        title=head["contest"]["title"],
        election=head["election"]["name"],
        place=", ".join(reversed(region["path"])) + f" ({region['code']})",
        warnings="\n".join(warnings),
        as_of=moment.strftime("%d-%m-%Y %H.%M.%S %Z"),
        have=head["stations_in_here"],
        all=head["stations_here"],
        maker=f"{head['made_by']['name']}, {head['made_by']['role']}",
        pack=head["pack"],
        address=head["address"],
    )
    return text.replace("\n", "\r\n")

"""The guide's own test vectors (section 2)."""

import pytest

from connectors.gobizkorea.access import sign

SECRET = "hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7"
INDEX = "/gobizkorea/drop/v2/manifest.json"
VECTORS = [
    ("GET", INDEX, "", "20260914T012205Z", b"", "c9dbe966cd6e535bb664f9a15fec7f989578ab57bf6797936ede0cda7510e7a3"),
    (
        "GET",
        "/gobizkorea/drop/v2/100250/product-0001.csv.gz",
        "",
        "20260914T012230Z",
        b"",
        "ef05d7cd83a97703b44422d24a4112b369c26a7f2dc3a7942ad76fd304ed9070",
    ),
    (
        "POST",
        "/gobizkorea/drop/v2/ack",
        "",
        "20260914T013000Z",
        b'{"seq":100250,"status":"OK"}',
        "3d47f3a0f2c94c0848b3e788b68ec22ae9a995848ce732ec06a36d4e98a23caa",
    ),
    (
        "GET",
        INDEX,
        "b=2&a=1%20x",
        "20260914T012205Z",
        b"",
        "cd9a5d73101389ed06fc8112df4e82ccc6bb0d8fc8025ef546bb33deccdfa177",
    ),
]


@pytest.mark.parametrize(("method", "path", "query", "stamp", "body", "signature"), VECTORS)
def test_a_call_is_signed_as_the_guide_shows(method, path, query, stamp, body, signature):
    assert sign(SECRET, method=method, path=path, query=query, stamp=stamp, body=body) == signature

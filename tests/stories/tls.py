"""A certificate for loopback, of no authority, and its key: they secure nothing but tests."""

from __future__ import annotations

#: For localhost and 127.0.0.1, for a hundred years.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBqjCCAVGgAwIBAgIUeKxLDZmdDliuH6jZZMuiAdwZJrswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA2MTc0MloYDzIxMjYxMDMx
MDYxNzQyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARTxI8F1eyi3wj2oFVMaF4DWakl/DnChhzR/jMlnfWZrX2IuYMqB1Sh
0EHH9OmlGUj8f/aZRgrcznQ+xakJcwkmo38wfTAdBgNVHQ4EFgQUN/u1hzRHel0v
fDVEc/6Y+xWG/dkwHwYDVR0jBBgwFoAUN/u1hzRHel0vfDVEc/6Y+xWG/dkwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P
AQH/BAQDAgKEMAoGCCqGSM49BAMCA0cAMEQCIEJCfdZ66bxIXnpvPH+XeuIAOMqh
mD3bNAjLQ2FypMM/AiADG+22bVcyptzx6ZS/Oa3P3SvdMtimTT/Cwyn5iH107A==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2J3D5Fx/Bk2CyD69
9Z5djfFiWY0gZSTEgEgalbIZjM+hRANCAARTxI8F1eyi3wj2oFVMaF4DWakl/DnC
hhzR/jMlnfWZrX2IuYMqB1Sh0EHH9OmlGUj8f/aZRgrcznQ+xakJcwkm
-----END PRIVATE KEY-----
"""

"""A token for what jwt_auth costs: signed by RS256 with a key that nobody has any more, good until 2100, and the public part of that key."""

ISSUER = "https://login.example.com"
MODULUS = (
    "m0QKetrQQwoQ6BYDAIb-Al4XTVTzy3z-W-7JsUS0uVyP2n0OWR0MFMR4OqJus2XyY60qA_SsTv3OMDYwk1ilYv9gxl_q3cByT-"
    "zdyYnRatFQn8ubHtm8a2Z69ZpRes22ocRl1Q6HxKGGWTJ5T0jVQaDmwnucbSPcMNBahdfQNzFyrJ34ftCK-nCW0hXKp5rpc-"
    "ZdCxi6HOPLQu2u7RTzTRzs1ustUjhEXiedvWTiVAJrboWu6yJH7lHp-EyaBwPBa-"
    "aWD18BKW0AvDNQ2wsY1ppoUXUE_guRTkRV1dJoB9t0NLrUC515wG_8J5JbUQ4A2BEE_LvzN5lUA5dMT9jvhw")
JWKS = f'{{"keys":[{{"kty":"RSA","kid":"k1","e":"AQAB","n":"{MODULUS}"}}]}}'
TOKEN = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiYXQrand0In0."
    "eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIiwic3ViIjoiN2YzYTljIiwiYXVkIjoic2hvcCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNzAw"
    "MDAwMDAwLCJzY29wZSI6Im9yZGVycy5yZWFkIG9yZGVycy53cml0ZSIsInJvbGVzIjpbInN0YWZmIiwiYWRtaW4iXX0."
    "mofKz2yzAbtGai8V5DVcm1_pqCp-OpHBnUID5TZmHp_Bd3htI6USnMh3mzdRM2torj_sW37zhlmb7SqL1VtnDJQSvx-kYWv6L188lAfMTmzlxu-"
    "FUhGHOUiQ9p9XD67IkWgW-QarG_VdRdDCya-jf_Gu-uIBqcNCgNZuFJ3_LF32IthU0F7qOs9gqEkuH9YFkocUXVQciffhoQwlxkPQmi-FwJnUdRXUmgopRAd"
    "vn8qbiXRpM4ERyDhsMzX9jwWqoKOXoxmHJkB3isUA0qpX8EjhyxSuGKD5sDgjg17T2E5fbTLYB1dvGzH2ef7I_SwlrJvzcmvrUpuxbojZxMbJgQ")

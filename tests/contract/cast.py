"""Who is who in the contract tests."""

TOKEN = "7000000001:sandbox-token_1"
OTHER_TOKEN = "7000000002:sandbox-token_2"
PRINCIPAL = 5_000_000_101
NOBODY = 5_000_000_999

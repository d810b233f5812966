"""`python -m zorbit` is the `zorbit` command."""

from zorbit.cli import main

main()

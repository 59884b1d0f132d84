"""`python -m vdm_cli` is `vdm`."""

from vdm_cli.cli import main

main()

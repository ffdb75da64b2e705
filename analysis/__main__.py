"""python -m analysis: the same as the command threadline."""

from analysis.cli import main

raise SystemExit(main())

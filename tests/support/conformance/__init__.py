"""
The conformance suite: cases as data (``tests/conformance/cases``), one template made of them, one runner, one report.

``cases`` reads them, ``template`` makes the stack, ``api`` asks it, ``stack`` deploys and deletes it, ``report`` compares.
"""

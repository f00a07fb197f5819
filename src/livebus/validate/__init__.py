"""
``validate``'s pure part: the catalogue of checks, findings, and the report in its forms.
"""

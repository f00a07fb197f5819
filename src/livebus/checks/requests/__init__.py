"""
What resolvers ask data sources for, as far as their code and their templates say it before anything runs.

``parts`` is what is known of a value; ``code`` reads it from APPSYNC_JS, ``templates`` from VTL; ``asked`` puts it together with
the data source. What hangs on arguments, on branches or on functions of the code is not known, and no check says anything of it.
"""

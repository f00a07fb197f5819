"""
Lambda functions as processes of this machine, over the Lambda Runtime API, which is served to them here.

::

    service             invoke(function, payload, type) → Outcome: the one way in
    blocking            the same for tests, without a runtime
    outcome             data: an invocation, its answer, its outcome
    lambda_api          the calls of boto3's lambda client
    asynchronous        Event invocations: tries again, and tells who is to be told
    capacity            how many processes there are, which one takes an event, which one has to go
    process             one process: started, given events, listened to, killed
    runtime_api         the HTTP server that processes ask for events
    command             what is started, in which environment, within which limits
    code                where a function's code is: a folder, a zip file, an object of S3, inline
    unpacking           zip files, within limits
    log_lines           START, END, REPORT, and a function's own lines
    bootstraps/         what runs in the process, in the function's language

Nothing here is imported before a template has a function.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

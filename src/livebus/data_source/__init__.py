"""
Station: a call of a data source, as what is sent and how the answer is read.

In: the request handler's value, as AppSync documents it for each type of data source. Out: what has to be sent (an HTTP request,
a function's payload), or the error that AppSync gives for a request that it does not take; then ``ctx.result`` and ``ctx.error`` of
what came back. DynamoDB's requests are read in ``livebus.dynamodb.appsync``. Nothing is sent here.
"""

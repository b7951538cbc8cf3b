-- One request, prepared once: a GET, or with an argument a POST of that many bytes. Prints what wrk measured as one JSON
-- line; harness/load.py reads it. No request or response callback: they would cost the load generator more than the
-- request does.
function init(args)
  local size = tonumber(args[1])
  if size then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.body = string.rep("0123456789abcdef", size / 16)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nREPORT {"requests":%d,"duration_us":%d,"bytes":%d,' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d},' ..
    '"latency_us":{"p50":%.0f,"p99":%.0f,"p99.9":%.0f,"max":%.0f}}\n',
    summary.requests, summary.duration, summary.bytes,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end

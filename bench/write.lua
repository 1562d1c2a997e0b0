-- wrk: POST one mutation again and again, for somebody taken at random from a list, each time with a key of its own.
-- DOCUMENT: the document as a JSON string, with the variables $id and $key. LIST: a file of ids, one a line, each with the token of who asks behind a blank.
-- SEED: of the random choice. At the end one line of JSON as load.lua's.
local document = os.getenv("DOCUMENT")
local seed = os.getenv("SEED") or "1"
local ids, tokens, n, made = {}, {}, 0, 0

function init(args)
  math.randomseed(tonumber(seed))
  for line in io.lines(os.getenv("LIST")) do
    n = n + 1
    ids[n], tokens[n] = line:match("^(%S+) (%S+)$")
  end
end

function request()
  local i = math.random(n)
  made = made + 1
  local body = '{"query":' .. document .. ',"variables":{"id":"' .. ids[i] .. '","key":"mixed-' .. seed .. "-" .. made .. "-" .. math.random(1000000000) .. '"}}'
  return "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " .. tokens[i]
         .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"us":%d,"bytes":%d,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50) / 1000, latency:percentile(90) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000, e.status, e.connect + e.read + e.write + e.timeout))
end

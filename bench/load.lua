-- wrk: POST one GraphQL document with one variable taken at random from a list.
-- DOCUMENT: the document as a JSON string. VARIABLE: its variable's name (empty: none). LIST: a file of values, one a
-- line, each with the token of who asks for it behind a blank, or TOKEN for all (empty: none). SEED: of the random choice. PAUSE_MS: what a connection waits between
-- an answer and its next request, on average (empty: nothing), which is no part of its latencies. At the end one line of JSON: requests, time, latencies in ms, errors.
local document = os.getenv("DOCUMENT")
local variable = os.getenv("VARIABLE") or ""
local values, tokens, n = {}, {}, 0
local ready = {}
local pause = tonumber(os.getenv("PAUSE_MS") or "")

local function request_text(value, token)
  local authorization = ""
  if token and token ~= "" then
    authorization = "Authorization: Bearer " .. token .. "\r\n"
  end
  local body = '{"query":' .. document
  if value then
    body = body .. ',"variables":{"' .. variable .. '":"' .. value .. '"}'
  end
  body = body .. "}"
  return "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" .. authorization
         .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function init(args)
  math.randomseed(tonumber(os.getenv("SEED") or "1"))
  if variable == "" then
    n, ready[1] = 1, request_text(nil, os.getenv("TOKEN"))
    return
  end
  for line in io.lines(os.getenv("LIST")) do
    n = n + 1
    values[n], tokens[n] = line:match("^(%S+) ?(%S*)$")
    if tokens[n] == "" then tokens[n] = os.getenv("TOKEN") end
  end
  -- Made before the clock runs: wrk shares the cores with what it measures, and a text with a token costs more to make than one without.
  if n <= 50000 then
    for i = 1, n do ready[i] = request_text(values[i], tokens[i]) end
  end
end

function request()
  local i = n == 1 and 1 or math.random(n)
  return ready[i] or request_text(values[i], tokens[i])
end

if pause then
  function delay() -- whole milliseconds
    return math.floor(pause + math.random())
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"us":%d,"bytes":%d,"p50":%.3f,"p90":%.3f,"p99":%.3f,"max":%.3f,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50) / 1000, latency:percentile(90) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000, e.status, e.connect + e.read + e.write + e.timeout))
end

-- What the workloads share. Requests are built before the clock starts, so that the generator costs
-- little. With CHECK=1 (the warm-up) every answer is looked at; that is too dear while measuring. The
-- result is two lines for the program that started wrk.
local common = {}
local threads = {}
local headers = {
  ["Content-Type"] = "application/json",
  ["Authorization"] = "Bearer " .. (os.getenv("API_KEY") or ""),
}

common.point_sql = "SELECT id,name,price,qty FROM items WHERE id=$1"

-- count requests, of which each() gives path and body.
function common.build(count, each)
  math.randomseed(tonumber(os.getenv("SEED")))
  local built = {}
  for i = 1, count do
    local path, body = each()
    built[i] = wrk.format("POST", path, headers, body)
  end
  local next = 0
  return function()
    next = next % count + 1
    return built[next]
  end
end

-- Clients that think after each answer, all of them differently long.
local function pauses(mean)
  delay = function() return math.random(mean - math.floor(mean / 2), mean + math.floor(mean / 2)) end
end

-- The global functions that wrk calls. is_right(body) judges the body of an answer with status 200.
function common.install(is_right)
  setup = function(thread)
    table.insert(threads, thread)
    thread:set("wrong", 0)
  end
  local think = tonumber(os.getenv("THINK_MS"))
  if think > 0 then pauses(think) end
  if os.getenv("CHECK") == "1" then
    response = function(status, _, body)
      if status ~= 200 or not is_right(body) then wrong = wrong + 1 end
    end
  end
  done = function(summary, latency)
    local wrong_answers = 0
    for _, thread in ipairs(threads) do wrong_answers = wrong_answers + thread:get("wrong") end
    local errors = summary.errors
    io.write(string.format("RESULT requests=%d duration_us=%d p50_us=%d p99_us=%d\n",
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99)))
    io.write(string.format("ERRORS wrong=%d connect=%d read=%d write=%d status=%d timeout=%d\n",
      wrong_answers, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
  end
end

return common

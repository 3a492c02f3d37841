-- A statement that takes the server five milliseconds.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")

common.install(function(body) return body:find("rows") end)

init = function()
  request = common.build(64, function()
    return "/query/db1", '{"sql":"SELECT pg_sleep(0.005)::text"}'
  end)
end

-- A thousand rows of five columns.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")

common.install(function(body)
  local _, rows = body:gsub("of db1\"", "")
  return rows == 1000
end)

init = function()
  request = common.build(512, function()
    return "/query/db1", string.format(
      '{"sql":"SELECT id,name,price,qty,created_at FROM items WHERE id>$1 ORDER BY id LIMIT 1000","params":[%d]}',
      math.random(0, 9000))
  end)
end

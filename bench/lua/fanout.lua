-- One row by primary key from each of five databases, in one request.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")

common.install(function(body)
  for database = 1, 5 do
    if not body:find("of db" .. database .. '"', 1, true) then return false end
  end
  return true
end)

init = function()
  request = common.build(4096, function()
    return "/query", string.format('{"sql":"%s","params":[%d],"db_ids":["db1","db2","db3","db4","db5"]}',
      common.point_sql, math.random(1, 10000))
  end)
end

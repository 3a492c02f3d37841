-- Liveness: HTTP alone. The path is that of the URL.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
require("common").install(function() return true end)

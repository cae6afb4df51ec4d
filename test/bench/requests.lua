-- Arguments: method, body, requests sent at once, header lines.
function init(args)
  wrk.method = args[1]
  if args[2] ~= "" then wrk.body = args[2] end
  for index = 4, #args do
    local name, value = args[index]:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  local requests = {}
  for index = 1, tonumber(args[3]) do requests[index] = wrk.format() end
  all = table.concat(requests)
end

function request()
  return all
end

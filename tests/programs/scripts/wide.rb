# Ruby: threads, fibers, garbage, big numbers, files and sockets.
require "digest"
require "json"
require "set"
require "socket"
require "tempfile"
require "timeout"

queue = Queue.new
workers = 4.times.map { |w| Thread.new { 1000.times { |i| queue << i * w } } }
workers.each(&:join)
puts "queue #{queue.size.times.sum { queue.pop }}"
fiber = Fiber.new { 5.times { |i| Fiber.yield i * i }; :done }
puts 6.times.map { fiber.resume }.inspect
200_000.times { |i| "garbage #{i}" }
GC.start
puts "collected #{GC.count > 0}"
puts (1..60).inject(:*)
puts Digest::SHA256.hexdigest((1..10_000).to_a.join(","))
puts JSON.generate({ "a" => [1, 2.5, nil, true], "b" => { "c" => "\u00e9" } })
Tempfile.create("weft") do |file|
  1000.times { |i| file.puts "line #{i}" }
  file.flush
  puts "lines #{File.foreach(file.path).count} bytes #{File.size(file.path)}"
end
server = TCPServer.new("127.0.0.1", 0)
echo = Thread.new { client = server.accept; client.write client.gets.upcase; client.close }
socket = TCPSocket.new("127.0.0.1", server.addr[1])
socket.puts "through a socket"
puts socket.read
echo.join
begin
  Timeout.timeout(0.05) { sleep 5 }
rescue Timeout::Error => e
  puts e.class
end
trap("USR1") { $told = true }
Process.kill("USR1", Process.pid)
sleep 0.01 until $told
puts "signal"
begin
  def deep(n) = deep(n + 1)
  deep(0)
rescue SystemStackError
  puts "stack"
end
at_exit { puts "at exit" }
exit 6

using Weft.Vm.Registry;

namespace Weft.Vm.Tests.Registry;

public sealed class SharedMapsTests
{
    [Theory]
    [InlineData("7f0000000000-7f0000001000 rw-s 00000000 00:1b 4711                       /dev/shm/a b", "00:1b 4711 /dev/shm/a b")]
    [InlineData("7f0000000000-7f0000001000 rw-s 00000000 00:01 2                          /SYSV00000000 (deleted)", "00:01 2 /SYSV00000000")]
    [InlineData("7f0000000000-7f0000001000 r--s 00000000 08:01 99                         /usr/lib/gconv-modules.cache", null)]
    [InlineData("7f0000000000-7f0000001000 rw-p 00000000 08:01 99                         /usr/lib/libc.so.6", null)]
    [InlineData("7f0000000000-7f0000001000 rw-p 00000000 00:00 0", null)]
    [InlineData("7f0000000000-7f0000003000 rw-s 00000000 00:0e 1036                       anon_inode:kvm-vcpu:0", null)]
    [InlineData("nonsense", null)]
    public void A_line_is_told_from_others(string line, string? expected) =>
        Assert.Equal(expected, SharedMaps.Parse(line) is var (key, name) ? $"{key.Device} {key.Inode} {name}" : null);

    [Fact]
    public void What_both_have_is_common_but_for_arenas()
    {
        Dictionary<(string, string), string> first = new() { [("1", "1")] = "/dev/shm/b", [("1", "2")] = "/memfd:weft-arena", [("1", "3")] = "/dev/shm/a", [("2", "9")] = "/c" };
        Dictionary<(string, string), string> second = new() { [("1", "1")] = "/dev/shm/b", [("1", "2")] = "/memfd:weft-arena", [("1", "3")] = "/dev/shm/a", [("2", "8")] = "/c" };
        Assert.Equal(["/dev/shm/a", "/dev/shm/b"], SharedMaps.Common(first, second));
    }

    [Fact]
    public void A_process_that_is_not_there_has_none() => Assert.Empty(SharedMaps.Of(0x3ffffff));
}

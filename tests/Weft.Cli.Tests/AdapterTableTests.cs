using Weft.Adapter.Snapshots;
using Weft.Cli.Commands;
using Weft.Vm.Daemon;

namespace Weft.Cli.Tests;

public sealed class AdapterTableTests
{
    private static readonly AdapterSample Early = Sample(0, 0, new TrafficCounts(1000, 1 << 20, 2000, 0, 0));
    private static readonly AdapterSample Late = Sample(500_000_000, 250_000_000, new TrafficCounts(501_000, 513 << 20, 3000, 4, 5));

    [Fact]
    public void VMs_show_with_rates_between_the_samples() => Assert.Equal("""
        engine auto: polling, 50 % of a core, slept 7 times; 1 VM, 1 queue pair, 2 regions (1.50M)

        PID  NAME  PROGRAM      LID  QPS  CQS  REGIONS  REGISTERED  REQUESTS/S  BYTES/S  REQUESTS  COMPLETIONS  ERRORS  RETRIES
         42  -     ib_write_?w    3    1    2        2       1.50M          1M       1G      501k           3k       4        5

        """, AdapterTable.Format(Early, Late, AdapterView.Vms));

    [Fact]
    public void Queue_pairs_show_their_peers() => Assert.Equal("""
        engine auto: polling, 50 % of a core, slept 7 times; 1 VM, 1 queue pair, 2 regions (1.50M)

        PID   QPN  TYPE  STATE  PEER    REQUESTS/S  BYTES/S  REQUESTS  COMPLETIONS  ERRORS  RETRIES
         42  0x48  RC    RTS    4:0x4d          1M       1G      501k           3k       4        5
         42  0x49  UD    RESET  -                0        0         0            0       0        0

        """, AdapterTable.Format(Early, Late, AdapterView.QueuePairs));

    [Fact]
    public void Several_polling_threads_show_each_by_itself()
    {
        AdapterSample At(long ns, params ThreadSnapshot[] threads) => Late with { Adapter = Late.Adapter with { TakenNs = ns, Threads = threads } };
        string table = AdapterTable.Format(At(0, new("polling", 0, 1, 1), new("asleep", 5, 2, 0)),
            At(1_000_000_000, new("polling", 750_000_000, 1, 2), new("asleep", 5, 3, 0)), AdapterView.Regions);
        Assert.Contains("""
            THREAD  STATE    CORE  SLEPT  VMS
                 1  polling  75 %      1    2
                 2  asleep    0 %      3    0
            """, table, StringComparison.Ordinal);
    }

    [Fact]
    public void Regions_show_what_may_be_done_with_them() => Assert.Equal("""
        engine auto: polling, 0 % of a core, slept 7 times; 1 VM, 1 queue pair, 2 regions (1.50M)

        PID   RKEY  LENGTH  ACCESS
         42  0x100      4K  local-write,remote-write,remote-read
         42  0x101      1G  -

        """, AdapterTable.Format(Late, Late, AdapterView.Regions));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(999.9, "1.00k")]
    [InlineData(1234, "1.23k")]
    [InlineData(56_780, "56.8k")]
    [InlineData(123_456_789, "123M")]
    public void Counts_keep_three_digits(double value, string expected) => Assert.Equal(expected, Amount.Of(value));

    [Theory]
    [InlineData(1023, "1023")]
    [InlineData(1024, "1K")]
    [InlineData(1536, "1.50K")]
    [InlineData(5.5 * (1L << 40), "5.50T")]
    public void Bytes_go_by_1024(double value, string expected) => Assert.Equal(expected, Amount.OfBytes(value));

    private static AdapterSample Sample(long takenNs, long engineNs, TrafficCounts traffic) => new(
        new AdapterReport(takenNs, "auto", "polling", engineNs, 7, traffic,
        [
            new VmReport
            {
                ProcessId = 42, Program = "ib_write_\ew", Lid = 3, QueuePairs = 1, CompletionQueues = 2, Regions = 2, RegisteredBytes = 3 << 19, Traffic = traffic,
            },
        ], []),
        [new QueuePairReport(42, 0x48, "RC", "RTS", 4, 0x4d, traffic), new QueuePairReport(42, 0x49, "UD", "RESET", 0, 0, default)],
        [new RegionReport(42, 0x100, 4096, 7), new RegionReport(42, 0x101, 1 << 30, 0)]);
}

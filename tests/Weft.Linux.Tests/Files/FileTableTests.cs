using Weft.Linux.Files;
using Weft.Native;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Files;

public sealed class FileTableTests(ITestOutputHelper output)
{
    private static readonly int Seed = Environment.TickCount;

    [Fact]
    public void Lowest_free_number_is_given()
    {
        FileTable table = new();
        for (int expected = 0; expected < 5; expected++)
            Assert.Equal(expected, table.Install(new CountingFile(), false).Value);
        table.Close(3);
        table.Close(1);
        Assert.Equal(1, table.Install(new CountingFile(), false).Value);
        Assert.Equal(3, table.Install(new CountingFile(), false).Value);
        Assert.Equal(5, table.Install(new CountingFile(), false).Value);
        Assert.Equal(100, table.Install(new CountingFile(), false, 100).Value);
        Assert.Equal(6, table.Install(new CountingFile(), false).Value);
    }

    [Fact]
    public void Full_table_refuses_and_releases_the_file()
    {
        FileTable table = new() { Limit = 2 };
        table.Install(new CountingFile(), false);
        table.Install(new CountingFile(), false);
        CountingFile extra = new();
        Assert.Equal(Errno.EMFILE, table.Install(extra, false).Error);
        Assert.Equal(1, extra.Closes);
        CountingFile beyond = new();
        Assert.Equal(Errno.EBADF, table.InstallAt(2, beyond, false).Error);
        Assert.Equal(1, beyond.Closes);
    }

    [Fact]
    public void Close_during_a_call_waits_for_its_end()
    {
        FileTable table = new();
        CountingFile file = new();
        table.Install(file, false);
        FileLease lease = table.Rent(0);
        table.Close(0);
        Assert.Equal(0, file.Closes);
        Assert.False(table.Rent(0).IsOpen);
        lease.Dispose();
        Assert.Equal(1, file.Closes);
    }

    [Fact]
    public void Close_on_exec_belongs_to_the_number()
    {
        FileTable table = new();
        CountingFile file = new();
        table.Install(file, true);
        file.TryAddReference();
        table.InstallAt(7, file, false);
        Assert.True(table.GetCloseOnExec(0));
        Assert.False(table.GetCloseOnExec(7));
        Assert.Null(table.GetCloseOnExec(1));
        table.Close(0);
        Assert.Equal(0, file.Closes);
        table.Close(7);
        Assert.Equal(1, file.Closes);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(64)]
    public void Numbers_out_of_range_are_not_open(int descriptor)
    {
        FileTable table = new();
        Assert.False(table.Rent(descriptor).IsOpen);
        Assert.Equal(Errno.EBADF, table.Close(descriptor).Error);
        Assert.False(table.SetCloseOnExec(descriptor, true));
    }

    [Fact]
    public void Many_threads_close_each_file_exactly_once()
    {
        output.WriteLine($"seed {Seed}");
        FileTable table = new() { Limit = 48 };
        CountingFile[][] made = new CountingFile[4][];
        Thread[] threads = [.. Enumerable.Range(0, made.Length).Select(index => new Thread(() => made[index] = Churn(table, new Random(Seed + index))))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        foreach (int descriptor in table.OpenDescriptors())
            table.Close(descriptor);
        foreach (CountingFile file in made.SelectMany(files => files))
        {
            Assert.Equal(1, file.Closes);
            Assert.False(file.UsedAfterClose);
        }
    }

    private static CountingFile[] Churn(FileTable table, Random random)
    {
        List<CountingFile> made = [];
        for (int step = 0; step < 20_000; step++)
        {
            int descriptor = random.Next(50);
            switch (random.Next(5))
            {
                case 0:
                    made.Add(new CountingFile());
                    table.Install(made[^1], false, random.Next(50));
                    break;
                case 1:
                    made.Add(new CountingFile());
                    table.InstallAt(descriptor, made[^1], false);
                    break;
                case 2:
                    table.Close(descriptor);
                    break;
                default:
                    using (FileLease lease = table.Rent(descriptor))
                        if (lease.IsOpen)
                            ((CountingFile)lease.Description).Use();
                    break;
            }
        }
        return [.. made];
    }

    private sealed class CountingFile() : FileDescription(-1)
    {
        private int _closes;

        internal int Closes => _closes;

        internal bool UsedAfterClose { get; private set; }

        internal void Use()
        {
            if (Volatile.Read(ref _closes) != 0)
                UsedAfterClose = true;
        }

        protected override long OnLastRelease()
        {
            Interlocked.Increment(ref _closes);
            return 0;
        }
    }
}

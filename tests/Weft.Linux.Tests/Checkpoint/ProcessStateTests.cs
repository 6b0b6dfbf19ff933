using Weft.Linux.Checkpoint;
using Weft.Linux.Processes;
using Weft.Linux.Signals;
using Weft.Linux.Tests.Files;
using Weft.Native;

namespace Weft.Linux.Tests.Checkpoint;

public sealed class ProcessStateTests
{
    [Fact]
    public void Every_part_survives_writing_and_reading()
    {
        ProcessState state = Full();
        ProcessState read = ProcessState.FromBytes(state.ToBytes());

        Assert.Equal(state.ToBytes(), read.ToBytes());
        Assert.Equal(state.Options with { Binds = [] }, read.Options with { Binds = [] });
        Assert.Equal(state.Options.Binds, read.Options.Binds);
        Assert.Equal(state.Kernel.Watch, read.Kernel.Watch);
        Assert.Equal(state.Kernel.UnixNames[0].Guest, read.Kernel.UnixNames[0].Guest);
        Assert.Equal(state.Files.Numbers, read.Files.Numbers);
        Assert.Equal(state.Files.Files[1] with { Keys = EpollKeyState.None }, read.Files.Files[1] with { Keys = EpollKeyState.None });
        Assert.Equal(state.Files.Files[0].Keys.Duplicates, read.Files.Files[0].Keys.Duplicates);
        Assert.Equal(state.Paths.MountSources, read.Paths.MountSources);
        Assert.Equal(7, read.Signals.Pending[0].Number);
        Assert.Equal(SignalAction.Ignore, read.Signals.Actions[12].Handler);
        Assert.Equal(state.Settings.Limits, read.Settings.Limits);
        Assert.Equal(state.Program!.Arguments, read.Program!.Arguments);
        Assert.Equal(state.Program.Path, read.Program.Path);
    }

    [Fact]
    public void State_that_is_cut_off_is_refused()
    {
        byte[] bytes = Full().ToBytes();
        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => ProcessState.FromBytes(bytes[..length]));
    }

    [Fact]
    public void Damaged_state_is_read_or_refused_and_never_takes_more_than_it_has()
    {
        const int rounds = 2000;
        int seed = Environment.TickCount;
        Random random = new(seed);
        byte[] whole = Full().ToBytes();
        for (int round = 0; round < rounds; round++)
        {
            byte[] bytes = [.. whole];
            for (int change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                ProcessState.FromBytes(bytes);
            }
            catch (InvalidDataException)
            {
                // As it should be.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, round {round}: {exception}");
            }
        }
    }

    [Fact]
    public void Descriptor_that_can_still_be_changed_holds_no_state()
    {
        using NativeBuffer name = new(8);
        int file = (int)HostStubs.Call(SystemCall.MemfdCreate, (long)name.Address.Value, 1);
        Assert.Throws<InvalidDataException>(() => StateFile.Read(file));
        HostStubs.Call(SystemCall.Close, file);
        Assert.Throws<InvalidDataException>(() => StateFile.Read(-1));
    }

    [Fact]
    public void Descriptors_of_a_running_process_are_described_and_restored_under_their_numbers()
    {
        GuestFixture guest = new(new KernelOptions());
        using TemporaryTree tree = new();
        tree.With("file", "text");
        long first = guest.Open(tree["file"]).Value;
        Assert.Equal(20, guest.Call(SystemCall.Dup2, (ulong)first, 20).Value);
        Assert.Equal(21, guest.Call(SystemCall.Dup3, (ulong)first, 21, 0x80000).Value);

        FileTableState forChild = FileTableState.Capture(guest.Process, false, out var held);
        FileTableState forExec = FileTableState.Capture(guest.Process, true, out var others);

        Assert.Single(forChild.Files);
        Assert.Equal([(int)first, 20, 21], forChild.Numbers.Select(number => number.Number));
        Assert.Equal([false, false, true], forChild.Numbers.Select(number => number.ClosesOnExec));
        Assert.Equal([(int)first, 20], forExec.Numbers.Select(number => number.Number));
        FileTableState.Release(held);
        FileTableState.Release(others);

        GuestFixture next = new(new KernelOptions());
        int host = (int)HostStubs.Call(SystemCall.Fcntl, forChild.Files[0].Host, 1030, 0);
        (forChild with { Files = [forChild.Files[0] with { Host = host }] }).Restore(next.Thread);
        Assert.Equal([(int)first, 20, 21], next.Process.Files.OpenDescriptors());
        Assert.True(next.Process.Files.GetCloseOnExec(21));
        Assert.Equal(0, next.Call(SystemCall.Close, (ulong)first).Value);
        Assert.Equal("text", next.Read(20));
    }

    private static ProcessState Full() => new()
    {
        Options = new KernelOptions
        {
            MemoryLimitBytes = 1 << 30,
            ProcessorCount = 3,
            RootDirectory = "/röot",
            Binds = [new BindMount("/a", "/b", true), new BindMount("/c", "/d", false)],
            ReadOnly = true,
            HasNetwork = false,
            WorkingDirectory = "/w",
            SystemCalls = SystemCallMode.Attendant,
            Adapter = AdapterUse.Poll,
            Name = "name",
            Group = new GroupChoice("group", "--group"),
            AnswersInStub = false,
            SharesMemory = true,
        },
        Kernel = new KernelState
        {
            Watch = new WatchDescriptors(5, 6),
            HasEmptyNetwork = true,
            EndsBySignal = true,
            NetworkId = 77,
            UnixNames = [("host", [1, 2, 0xff])],
        },
        Files = new FileTableState(
            [
                new FileState { Kind = FileKind.Host, Host = 9, Mount = 2, Keys = new EpollKeyState(4, 1, [(5, 11, 2)]) },
                new FileState { Kind = FileKind.Virtual, Host = 10, Path = "/proc/self/status", Writer = 12, Flags = 3 },
                new FileState { Kind = FileKind.Signals, SignalMask = ulong.MaxValue, Position = 8 },
            ],
            [new NumberState(0, 0, false), new NumberState(7, 1, true), new NumberState(8, 2, false)], true),
        Paths = new PathState([20, 21], new FileState { Kind = FileKind.Host, Host = 22 }),
        Signals = new SignalState
        {
            Actions = [.. Enumerable.Range(1, 64).Select(signal => new SignalAction { Handler = signal == 13 ? SignalAction.Ignore : 0 })],
            Mask = 0x1234,
            Pending = [new SignalInfo { Number = 7, Code = -1, Second = 99 }],
            PendingForThread = [new SignalInfo { Number = 40 }],
        },
        Settings = new SettingsState
        {
            Limits = [.. Enumerable.Range(0, ResourceLimits.Count).Select(limit => new ResourceLimit((ulong)limit, ulong.MaxValue))],
            Dumpable = 0,
            IsChildSubreaper = true,
            AvoidsLargePages = true,
            Personality = 0x40000,
            Affinity = [5, 1],
            MemoryPolicy = 2,
            MemoryPolicyNodes = 1,
        },
        Program = new ProgramState([0xff, (byte)'a'], 30, [[], [1, 2]], [[(byte)'A', (byte)'=']]),
    };
}

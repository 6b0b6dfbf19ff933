using System.Text;
using Weft.Linux.Files;
using Weft.Linux.Signals;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// All that a process of the program is, for another VMM to go on with: after exec in the same host process, after fork
/// in a child of it. Descriptors go along under their numbers.
/// </summary>
public sealed record ProcessState
{
    // "WEFTSTA" and the form's number: a VMM restores what its own binary wrote.
    private const ulong Magic = 0x01_41_54_53_54_46_45_57;

    /// <summary>What the user chose.</summary>
    public required KernelOptions Options { get; init; }

    /// <summary>What the kernel knows besides.</summary>
    public required KernelState Kernel { get; init; }

    /// <summary>The descriptors.</summary>
    public required FileTableState Files { get; init; }

    /// <summary>Mounts and working directory.</summary>
    public required PathState Paths { get; init; }

    /// <summary>Signal actions, mask and what waits.</summary>
    public required SignalState Signals { get; init; }

    /// <summary>Limits and small settings.</summary>
    public required SettingsState Settings { get; init; }

    /// <summary>The program to start; null where one goes on.</summary>
    public ProgramState? Program { get; init; }

    /// <summary>What goes on in a forked process; null where a program starts.</summary>
    public ForkState? Fork { get; init; }

    /// <summary>The first word of the program's arguments.</summary>
    public byte[] ProgramName => (Program?.Arguments ?? Fork?.Image.Arguments) is [{ } first, ..] ? first : Program?.Path ?? [];

    /// <summary>The state of a process that executes a program.</summary>
    /// <param name="thread">The caller, which alone goes on.</param>
    /// <param name="program">The program.</param>
    internal static ProcessState ForExec(GuestThread thread, ProgramState program) => new()
    {
        Options = thread.Kernel.Options,
        Kernel = KernelState.Capture(thread.Kernel),
        Files = FileTableState.Capture(thread.Process, true, out _),
        Paths = PathState.Capture(thread.Process),
        Signals = SignalState.ForExec(thread),
        Settings = SettingsState.Capture(thread) with { Dumpable = 1 },
        Program = program,
    };

    /// <summary>The state of a child that goes on where the thread is; its memory and registers are the caller's matter.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="held">For <see cref="FileTableState.Release"/>, once the child has its descriptors.</param>
    internal static ProcessState ForChild(GuestThread thread, out IReadOnlyList<FileDescription> held) => new()
    {
        Options = thread.Kernel.Options,
        Kernel = KernelState.Capture(thread.Kernel) with { EndsBySignal = true, Watch = thread.Kernel.Watch with { Statistics = -1 } },
        Files = FileTableState.Capture(thread.Process, false, out held),
        Paths = PathState.Capture(thread.Process),
        Signals = SignalState.ForChild(thread),
        Settings = SettingsState.Capture(thread),
    };

    /// <summary>Makes the descriptors that came along close-on-exec, as all of a VMM are.</summary>
    public void KeepDescriptors() => InheritedFiles.Keep(HostDescriptors());

    /// <summary>Gives a fresh kernel what another one knew.</summary>
    public void Restore(Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        Kernel.Restore(kernel);
        kernel.IsForked = Fork is not null;
    }

    /// <summary>Gives a fresh process, which has its limits, mounts and signals already, what else is in the state.</summary>
    /// <param name="main">Its first thread, which does not run yet.</param>
    public void Restore(GuestThread main)
    {
        Settings.Restore(main);
        Files.Restore(main);
        main.Process.Paths.Restore(main, Paths);
        foreach (SignalInfo info in Signals.PendingForThread)
            main.Signals.Pending.Add(info);
    }

    /// <summary>All descriptors of the host that must be inherited, under their numbers. May hold one twice.</summary>
    internal IEnumerable<int> HostDescriptors()
    {
        IEnumerable<int> all = [.. Files.HostDescriptors(), .. Paths.HostDescriptors(), Kernel.Watch.Trace, Kernel.Watch.Statistics, Program?.Descriptor ?? -1, .. Fork?.Descriptors ?? []];
        return all.Where(static descriptor => descriptor >= 0);
    }

    /// <summary>The state's bytes.</summary>
    internal byte[] ToBytes()
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(Magic);
        OptionsState.Write(writer, Options);
        KernelState.Write(writer, Kernel);
        FileTableState.Write(writer, Files);
        PathState.Write(writer, Paths);
        SignalState.Write(writer, Signals);
        SettingsState.Write(writer, Settings);
        writer.Write(Program is not null);
        if (Program is not null)
            ProgramState.Write(writer, Program);
        writer.Write(Fork is not null);
        Fork?.Write(writer);
        return stream.ToArray();
    }

    /// <summary>The state of these bytes.</summary>
    /// <exception cref="InvalidDataException">They are none.</exception>
    internal static ProcessState FromBytes(byte[] bytes)
    {
        using BinaryReader reader = new(new MemoryStream(bytes), Encoding.UTF8);
        try
        {
            if (reader.ReadUInt64() != Magic)
                throw new InvalidDataException("the state is not this program's");
            return new ProcessState
            {
                Options = OptionsState.Read(reader),
                Kernel = KernelState.Read(reader),
                Files = FileTableState.Read(reader),
                Paths = PathState.Read(reader),
                Signals = SignalState.Read(reader),
                Settings = SettingsState.Read(reader),
                Program = reader.ReadBoolean() ? ProgramState.Read(reader) : null,
                Fork = reader.ReadBoolean() ? ForkState.Read(reader) : null,
            };
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("the state is cut off", exception);
        }
    }
}

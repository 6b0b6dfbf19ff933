using System.Runtime.InteropServices;
using Weft.Linux.Signals;

namespace Weft.Linux.Checkpoint;

/// <summary>A process's signals, as far as they are not the host's.</summary>
public sealed record SignalState
{
    /// <summary>The actions of signals 1 to 64.</summary>
    public required IReadOnlyList<SignalAction> Actions { get; init; }

    /// <summary>The mask that the first thread goes on with.</summary>
    public required ulong Mask { get; init; }

    /// <summary>What waits for the process.</summary>
    public IReadOnlyList<SignalInfo> Pending { get; init; } = [];

    /// <summary>What waits for the thread that goes on.</summary>
    public IReadOnlyList<SignalInfo> PendingForThread { get; init; } = [];

    /// <summary>The calling thread's, for the program that takes its place: handlers are gone, waiting signals stay.</summary>
    internal static SignalState ForExec(GuestThread thread)
    {
        ProcessSignals signals = thread.Process.Signals;
        SignalAction[] actions = signals.CopyActions();
        for (int index = 0; index < actions.Length; index++)
            actions[index] = actions[index].Handler == SignalAction.Ignore ? new SignalAction { Handler = SignalAction.Ignore } : default;
        return new SignalState
        {
            Actions = actions,
            Mask = thread.Signals.LastingMask.Bits,
            Pending = signals.CopyPending(signals.Pending),
            PendingForThread = signals.CopyPending(thread.Signals.Pending),
        };
    }

    /// <summary>A child's: all actions and the mask, nothing waiting.</summary>
    internal static SignalState ForChild(GuestThread thread) => new()
    {
        Actions = thread.Process.Signals.CopyActions(),
        Mask = thread.Signals.LastingMask.Bits,
    };

    /// <summary>The same with the default action where there was a handler (CLONE_CLEAR_SIGHAND).</summary>
    internal SignalState WithoutHandlers() => this with
    {
        Actions = [.. Actions.Select(static action => action.IsHandled ? default : action)],
    };

    internal static void Write(BinaryWriter writer, SignalState state)
    {
        WriteStructures(writer, state.Actions);
        writer.Write(state.Mask);
        WriteStructures(writer, state.Pending);
        WriteStructures(writer, state.PendingForThread);
    }

    internal static SignalState Read(BinaryReader reader)
    {
        SignalAction[] actions = ReadStructures<SignalAction>(reader);
        return actions.Length == SignalNumber.Highest ? new SignalState
        {
            Actions = actions,
            Mask = reader.ReadUInt64(),
            Pending = ReadStructures<SignalInfo>(reader),
            PendingForThread = ReadStructures<SignalInfo>(reader),
        } : throw new InvalidDataException("not all signals are there");
    }

    private static void WriteStructures<T>(BinaryWriter writer, IReadOnlyCollection<T> structures)
        where T : unmanaged => writer.WriteBytes(MemoryMarshal.AsBytes<T>(structures.ToArray()));

    private static T[] ReadStructures<T>(BinaryReader reader)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(reader.ReadBytesWithLength()).ToArray();
}

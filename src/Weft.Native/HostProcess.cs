using System.Buffers.Binary;
using System.Text;

namespace Weft.Native;

/// <summary>Processes of the host that are Weft's own.</summary>
public static class HostProcess
{
    // Source: spawn.h of glibc (posix_spawnattr_t 336 bytes, posix_spawn_file_actions_t 80) and musl (both shorter or equal).
    private const int ActionsOffset = 512, ProcessOffset = 1024, NullOffset = 1032, MaskOffset = 1088, FixedBytes = 1216;
    private const short SetSignalDefaults = 4, SetSignalMask = 8, NewSession = 0x80;
    private const int ReadWrite = 2;

    /// <summary>
    /// Starts a program with no signal blocked. Descriptors that are close-on-exec stay behind, all others go with it.
    /// </summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">argv, the program's name first.</param>
    /// <param name="environment">"NAME=value" each.</param>
    /// <param name="descriptors">What its first descriptors are: -1 for /dev/null, the same number, or one that is not below this list's length.</param>
    /// <param name="inNewSession">Without a terminal, and out of reach of its signals.</param>
    /// <returns>The process id, or -errno.</returns>
    public static int Start(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, ReadOnlySpan<int> descriptors, bool inNewSession)
    {
        using NativeBuffer fix = new(FixedBytes);
        using NativeBuffer words = Pack([path, .. arguments, .. environment], arguments.Count, out nint argumentTable, out nint environmentTable);
        nint attributes = (nint)fix.Address.Value, actions = attributes + ActionsOffset, process = attributes + ProcessOffset;
        "/dev/null"u8.CopyTo(fix.Span[NullOffset..]);
        LibC.InitializeSpawnAttributes(attributes);
        LibC.SetSpawnFlags(attributes, (short)(SetSignalDefaults | SetSignalMask | (inNewSession ? NewSession : 0)));
        LibC.InitializeSpawnActions(actions);
        for (int index = 0; index < descriptors.Length; index++)
            if (descriptors[index] < 0)
                LibC.AddSpawnOpen(actions, index, attributes + NullOffset, ReadWrite, 0);
            else
                LibC.AddSpawnDuplicate(actions, descriptors[index], index);
        nint file = (nint)BinaryPrimitives.ReadInt64LittleEndian(words.Span);
        int error = LibC.Spawn(process, file, actions, attributes, argumentTable, environmentTable);
        LibC.DestroySpawnActions(actions);
        return error == 0 ? BinaryPrimitives.ReadInt32LittleEndian(fix.Span[ProcessOffset..]) : -error;
    }

    /// <summary>
    /// Starts a program as a child that has given descriptors under their own numbers, be they close-on-exec here or not.
    /// </summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">argv, the program's name first.</param>
    /// <param name="environment">"NAME=value" each.</param>
    /// <param name="descriptors">The descriptors, each once; others go along if they are not close-on-exec.</param>
    /// <param name="blockedSignals">Its signal mask, a bit a signal.</param>
    /// <returns>The process id, or -errno.</returns>
    public static int StartChild(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, IReadOnlyCollection<int> descriptors, ulong blockedSignals)
    {
        using NativeBuffer fix = new(FixedBytes);
        using NativeBuffer words = Pack([path, .. arguments, .. environment], arguments.Count, out nint argumentTable, out nint environmentTable);
        nint attributes = (nint)fix.Address.Value, actions = attributes + ActionsOffset, process = attributes + ProcessOffset;
        // sigset_t of libc is 128 bytes, of which the kernel takes eight.
        BinaryPrimitives.WriteUInt64LittleEndian(fix.Span[MaskOffset..], blockedSignals);
        LibC.InitializeSpawnAttributes(attributes);
        LibC.SetSpawnFlags(attributes, SetSignalMask);
        LibC.SetSpawnMask(attributes, attributes + MaskOffset);
        LibC.InitializeSpawnActions(actions);
        int error = 0;
        foreach (int descriptor in descriptors)
            // Onto itself: that takes close-on-exec away, in the child only.
            error = error != 0 ? error : LibC.AddSpawnDuplicate(actions, descriptor, descriptor);
        if (error == 0)
            error = LibC.Spawn(process, (nint)BinaryPrimitives.ReadInt64LittleEndian(words.Span), actions, attributes, argumentTable, environmentTable);
        LibC.DestroySpawnActions(actions);
        return error == 0 ? BinaryPrimitives.ReadInt32LittleEndian(fix.Span[ProcessOffset..]) : -error;
    }

    /// <summary>Runs a program in the place of this process. Returns -errno when that can't be.</summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">argv, the program's name first.</param>
    /// <param name="environment">"NAME=value" each.</param>
    public static int Become(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        using NativeBuffer words = Pack([path, .. arguments, .. environment], arguments.Count, out nint argumentTable, out nint environmentTable);
        return (int)HostStubs.Call(SystemCall.Execve, BinaryPrimitives.ReadInt64LittleEndian(words.Span), argumentTable, environmentTable);
    }

    /// <summary>Waits for a child. Returns its exit status, 128+n after signal n, -errno when it is no child.</summary>
    public static int Wait(int processId)
    {
        const int signalBits = 0x7f, statusShift = 8, statusBits = 0xff, signalled = 128;
        using NativeBuffer status = new(sizeof(int));
        long result;
        do
            result = HostStubs.Call(SystemCall.Wait4, processId, (long)status.Address.Value, 0, 0);
        while (result == -(long)Errno.EINTR);
        if (result < 0)
            return (int)result;
        int word = BinaryPrimitives.ReadInt32LittleEndian(status.Span);
        return (word & signalBits) == 0 ? word >> statusShift & statusBits : signalled + (word & signalBits);
    }

    /// <summary>Names the calling thread; of the first thread that is the process's name in ps and top.</summary>
    /// <param name="name">At most 15 letters.</param>
    public static void Name(string name)
    {
        const int setName = 15, lengthBytes = 16;
        using NativeBuffer buffer = new(lengthBytes);
        Encoding.ASCII.GetBytes(name, buffer.Span);
        HostStubs.CallQuick(SystemCall.Prctl, setName, (long)buffer.Address.Value);
    }

    /// <summary>Keeps every descriptor from <paramref name="first"/> on from programs that this process starts.</summary>
    public static void KeepFromChildren(int first)
    {
        const int setCloseOnExec = 4;
        HostStubs.Call(SystemCall.CloseRange, first, uint.MaxValue, setCloseOnExec);
    }

    /// <summary>The texts with their zeroes, behind a table of their addresses: the path, argv and a null, envp and a null.</summary>
    private static NativeBuffer Pack(string[] texts, int argumentCount, out nint arguments, out nint environment)
    {
        int at = (texts.Length + 2) * sizeof(long), slot = 0, total = at;
        foreach (string text in texts)
            total += Encoding.UTF8.GetByteCount(text) + 1;
        NativeBuffer buffer = new(total);
        long start = (long)buffer.Address.Value;
        for (int index = 0; index < texts.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(buffer.Span[(slot * sizeof(long))..], start + at);
            at += Encoding.UTF8.GetBytes(texts[index], buffer.Span[at..]) + 1;
            // Behind the last argument stays a null.
            slot += index == argumentCount ? 2 : 1;
        }
        arguments = (nint)start + sizeof(long);
        environment = arguments + (argumentCount + 1) * sizeof(long);
        return buffer;
    }
}

using System.Text;
using Weft.Native;

namespace Weft.Host;

/// <summary>Tells whoever started the daemon how that went, once, and lets go of standard error.</summary>
/// <param name="descriptor">Where; -1 for nowhere.</param>
internal sealed class ReadyTeller(int descriptor)
{
    /// <summary>The daemon serves.</summary>
    internal const string Ready = "ready";

    /// <summary>Another daemon has the lock.</summary>
    internal const string Taken = "taken";

    private const int StandardError = 2;
    private int _descriptor = descriptor;

    /// <summary>Tells it.</summary>
    internal void Tell(string what)
    {
        if (_descriptor < 0)
            return;
        byte[] bytes = Encoding.UTF8.GetBytes(what);
        using NativeBuffer buffer = new(bytes.Length);
        bytes.CopyTo(buffer.Span);
        HostStubs.Call(SystemCall.Write, _descriptor, (long)buffer.Address.Value, bytes.Length);
        // The starter's terminal or pipe must not be held open.
        PutNullAt(StandardError);
        HostStubs.Call(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }

    private static void PutNullAt(int descriptor)
    {
        const int currentDirectory = -100, readWriteCloseOnExec = 2 | 0x80000;
        using NativeBuffer path = new(16);
        "/dev/null"u8.CopyTo(path.Span);
        long empty = HostStubs.Call(SystemCall.Openat, currentDirectory, (long)path.Address.Value, readWriteCloseOnExec);
        if (empty < 0)
            return;
        HostStubs.Call(SystemCall.Dup2, empty, descriptor);
        HostStubs.Call(SystemCall.Close, empty);
    }
}

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

    private int _descriptor = descriptor;

    /// <summary>Tells it.</summary>
    /// <param name="what">One line, or one of the words above.</param>
    /// <param name="errors">A file that takes over standard error, where the runtime tells of a crash: the starter's terminal or pipe must not be held open.</param>
    internal void Tell(string what, string errors = "/dev/null")
    {
        if (_descriptor < 0)
            return;
        byte[] bytes = Encoding.UTF8.GetBytes(what);
        using NativeBuffer buffer = new(bytes.Length);
        bytes.CopyTo(buffer.Span);
        HostStubs.Call(SystemCall.Write, _descriptor, (long)buffer.Address.Value, bytes.Length);
        RedirectErrors(errors);
        HostStubs.Call(SystemCall.Close, _descriptor);
        _descriptor = -1;
    }

    private static void RedirectErrors(string path)
    {
        const int currentDirectory = -100, appendCreateCloseOnExec = 1 | 0x400 | 0x40 | 0x80000, ownerOnly = 0x180, standardError = 2;
        using NativeBuffer name = new(Encoding.UTF8.GetByteCount(path) + 1);
        Encoding.UTF8.GetBytes(path, name.Span);
        long file = HostStubs.Call(SystemCall.Openat, currentDirectory, (long)name.Address.Value, appendCreateCloseOnExec, ownerOnly);
        if (file < 0)
            return;
        HostStubs.Call(SystemCall.Dup2, file, standardError);
        HostStubs.Call(SystemCall.Close, file);
    }
}

using System.Text;
using Weft.Native;
using Weft.Vm.Daemon;

namespace Weft.Host;

/// <summary>What makes a daemon the only one of its user: a file that it locks while it lives. The file itself stays.</summary>
/// <remarks>By bare descriptors: .NET's file handles take a lock of the same kind when they are opened.</remarks>
public sealed class DaemonLock : IDisposable
{
    private const int Exclusive = 2, NonBlocking = 4;
    private const int CurrentDirectory = -100, ReadWriteCreateCloseOnExec = 2 | 0x40 | 0x80000, OwnerOnly = 0x180;
    private int _file;

    private DaemonLock(int file) => _file = file;

    /// <summary>Takes the lock. Null when another daemon has it.</summary>
    /// <exception cref="IOException">The file can't be made.</exception>
    public static DaemonLock? TryTake(string directory)
    {
        string path = Path.Combine(directory, DaemonFiles.Lock);
        using NativeBuffer name = new(Encoding.UTF8.GetByteCount(path) + 1);
        Encoding.UTF8.GetBytes(path, name.Span);
        long file = HostStubs.Call(SystemCall.Openat, CurrentDirectory, (long)name.Address.Value, ReadWriteCreateCloseOnExec, OwnerOnly);
        if (file < 0)
            throw new IOException($"'{path}' can't be made ({Linux.ErrorText.Of((Errno)(-file))}); make its directory writable");
        if (HostStubs.Call(SystemCall.Flock, file, Exclusive | NonBlocking) < 0)
        {
            HostStubs.Call(SystemCall.Close, file);
            return null;
        }
        DaemonLock taken = new((int)file);
        taken.WriteProcessId();
        return taken;
    }

    /// <summary>Lets the next daemon take over.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, -1) is >= 0 and var file)
            HostStubs.Call(SystemCall.Close, file);
    }

    private void WriteProcessId()
    {
        byte[] text = Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n");
        using NativeBuffer buffer = new(text.Length);
        text.CopyTo(buffer.Span);
        HostStubs.Call(SystemCall.Ftruncate, _file, 0);
        HostStubs.Call(SystemCall.Write, _file, (long)buffer.Address.Value, text.Length);
    }
}

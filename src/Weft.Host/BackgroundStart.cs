using System.Text;
using Weft.Adapter.Wire;
using Weft.Native;
using Weft.Vm;
using Weft.Vm.Daemon;

namespace Weft.Host;

/// <summary>
/// `weftd` without --foreground: starts the daemon in a session of its own and waits until it serves. Several at once are
/// safe: one daemon gets the lock, the others' starters find it serving.
/// </summary>
internal static class BackgroundStart
{
    private const int Failed = 125, StandardError = 2, FirstFree = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Starts it with the same words. Returns the status to exit with.</summary>
    internal static int Run(IEnumerable<string> words)
    {
        string directory = RuntimeDirectory.Open();
        using ManualResetEventSlim never = new();
        for (long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds; Environment.TickCount64 < end;)
        {
            if (IsServing(directory))
                return 0;
            using (DaemonLock? free = DaemonLock.TryTake(directory))
                if (free is null)
                {
                    // Another one is starting, or ending.
                    never.Wait(10);
                    continue;
                }
            if (StartOne([.. words]) is { } status)
                return status;
        }
        Console.Error.WriteLine($"weftd: another daemon holds '{Path.Combine(directory, DaemonFiles.Lock)}' but does not serve; end it (its process id is in that file)");
        return Failed;
    }

    /// <summary>Whether a daemon takes VMs.</summary>
    internal static bool IsServing(string directory)
    {
        long socket = UnixSocket.Connect(Path.Combine(directory, DaemonFiles.Adapter));
        if (socket >= 0)
            UnixSocket.Close((int)socket);
        return socket >= 0;
    }

    /// <summary>The status to exit with, or null when another daemon was quicker.</summary>
    private static int? StartOne(string[] words)
    {
        (int near, int far) = UnixSocket.Pair();
        const int duplicateCloseOnExec = 1030;
        int high = (int)HostStubs.Call(SystemCall.Fcntl, far, duplicateCloseOnExec, FirstFree + 1);
        UnixSocket.Close(far);
        HostProcess.KeepFromChildren(FirstFree);
        int process = HostProcess.Start(Environment.ProcessPath!, ["weftd", .. words, "--ready-descriptor", $"{FirstFree}"], DaemonStarter.EnvironmentWords(),
            [-1, -1, StandardError, high], true);
        UnixSocket.Close(high);
        if (process < 0)
            throw new IOException($"'{Environment.ProcessPath}' can't be started ({Linux.ErrorText.Of((Errno)(-process))})");
        string told = ReadAll(near);
        UnixSocket.Close(near);
        if (told == ReadyTeller.Ready)
            return 0;
        if (told == ReadyTeller.Taken)
            return null;
        Console.Error.WriteLine(told.Length > 0 ? "weftd: " + told : "weftd: the daemon ended at once; 'weft daemon --foreground --verbose' says why");
        return Failed;
    }

    private static string ReadAll(int socket)
    {
        using NativeBuffer buffer = new(4096);
        StringBuilder text = new();
        for (; ; )
        {
            long got = HostStubs.Call(SystemCall.Read, socket, (long)buffer.Address.Value, buffer.Length);
            if (got == -(long)Errno.EINTR)
                continue;
            if (got <= 0)
                return text.ToString();
            text.Append(Encoding.UTF8.GetString(buffer.Span[..(int)got]));
        }
    }
}

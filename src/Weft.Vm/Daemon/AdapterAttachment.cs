using Weft.Adapter;
using Weft.Adapter.Wire;
using Weft.Linux;
using Weft.Machine;
using Weft.Native;

namespace Weft.Vm.Daemon;

/// <summary>Joins a VM to this user's daemon, which is started when none runs.</summary>
internal static class AdapterAttachment
{
    // A daemon may end just when we connect: its listening socket goes, and a new one is started.
    private const int MostAttempts = 5;

    /// <summary>Gives the kernel its adapter, when the user asked for one.</summary>
    /// <param name="kernel">Its machine's memory is shared.</param>
    /// <param name="program">The program's name.</param>
    /// <exception cref="IOException">The daemon can't be reached or started, or refuses; one line.</exception>
    internal static void Attach(Kernel kernel, string program)
    {
        if (kernel.Options.Adapter == AdapterUse.None)
            return;
        string path = Path.Combine(RuntimeDirectory.Open(), DaemonFiles.Adapter);
        DoorbellPage doorbell = kernel.Machine.GetDoorbell();
        VmIdentity identity = new(kernel.ProcessId, kernel.Options.Name ?? "", Path.GetFileName(program));
        for (int attempt = 1; ; attempt++)
            try
            {
                GuestPhysicalMemory memory = kernel.Machine.Memory;
                kernel.Adapter = RemoteAdapterVm.Join(Connect(path, kernel.Options.Adapter), identity,
                    memory.ArenaDescriptor, memory.ArenaBytes, doorbell.EventDescriptor, doorbell.SetTrapping);
                if (Wanted(kernel.Options.Adapter) is { } wanted && wanted != kernel.Adapter.Device.Engine)
                    Console.Error.WriteLine(OtherEngine(wanted, kernel.Adapter.Device.Engine));
                return;
            }
            catch (IOException) when (attempt < MostAttempts && !IsListening(path))
            {
                // It ended; the next attempt starts another.
            }
    }

    private static int Connect(string path, AdapterUse use)
    {
        long socket = UnixSocket.Connect(path);
        for (int attempt = 1; UnixSocket.IsAbsence(socket) && attempt <= MostAttempts; attempt++)
        {
            DaemonStarter.Run(EngineArguments(use));
            socket = UnixSocket.Connect(path);
        }
        return socket >= 0 ? (int)socket : throw new IOException(socket == -(long)Errno.ENAMETOOLONG
            ? $"'{path}' is too long a path for a socket; set XDG_RUNTIME_DIR to a shorter one"
            : $"weftd can't be reached at '{path}' ({ErrorText.Of((Errno)(-socket))}); 'weft daemon --foreground --verbose' says why");
    }

    private static bool IsListening(string path)
    {
        long socket = UnixSocket.Connect(path);
        if (socket >= 0)
            UnixSocket.Close((int)socket);
        return socket >= 0;
    }

    private static EngineMode? Wanted(AdapterUse use) => use switch
    {
        AdapterUse.Poll => EngineMode.Poll,
        AdapterUse.Event => EngineMode.Event,
        AdapterUse.Auto => EngineMode.Auto,
        _ => null,
    };

    private static string[] EngineArguments(AdapterUse use) => Wanted(use) is { } wanted ? ["--engine", Word(wanted)] : [];

    /// <summary>The daemon's engine is everybody's: who comes later gets it as it is, and is told.</summary>
    private static string OtherEngine(EngineMode wanted, EngineMode found) =>
        $"weft: weftd runs with the engine '{Word(found)}', not '{Word(wanted)}'; end its VMs and run 'weft daemon --stop' to have it otherwise";

    private static string Word(EngineMode mode) => mode.ToString().ToLowerInvariant();
}

using Weft.Linux.Files;
using Weft.Linux.Signals;
using Weft.Linux.Sockets;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Makes an open file of its state.</summary>
internal static class FileRestorer
{
    /// <summary>The file, with one reference.</summary>
    /// <param name="main">The process's first thread: for what is looked up in the VM's own view.</param>
    /// <param name="state">What it was.</param>
    internal static FileDescription Restore(GuestThread main, FileState state)
    {
        FileDescription file = state.Kind switch
        {
            FileKind.Virtual => VirtualFile.Restore(Node(main, state) ?? VirtualNode.File(static _ => []), state),
            FileKind.VirtualDirectory => VirtualDirectory.Restore(main, Node(main, state) ?? VirtualNode.Directory(static _ => []), state),
            FileKind.Signals => Signals(main, state),
            FileKind.RdmaSocket when main.Kernel.RdmaResponder is { } responder => new RdmaSocket(state.Host, responder),
            FileKind.Gone => new FileDescription(Nothing()),
            _ => InheritedFiles.Describe(state.Host, main.Process.Paths.Mounts.ByIndex(state.Mount)),
        };
        file.EpollKeys.Restore(state.Keys);
        return file;
    }

    private static VirtualNode? Node(GuestThread main, FileState state) =>
        main.Process.Paths.TryFindVirtual(main, state.Path, out VirtualNode? node) ? node : null;

    private static SignalDescription Signals(GuestThread main, FileState state)
    {
        long host = HostStubs.CallQuick(SystemCall.Eventfd2, 0, state.Flags | OpenFlags.CloseOnExec);
        return new SignalDescription((int)host, main.Signals, main.Process.Signals, new SignalSet(state.SignalMask));
    }

    /// <summary>A descriptor that nothing can be done with: with O_PATH each use is EBADF.</summary>
    private static int Nothing()
    {
        using NativeBuffer buffer = new(PathScratch.MostPathBytes * 2);
        return (int)HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.Put(buffer, 0, "/dev/null"),
            OpenFlags.Path | OpenFlags.CloseOnExec);
    }
}

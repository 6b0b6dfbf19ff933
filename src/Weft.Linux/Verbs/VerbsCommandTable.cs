using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Which requests there are, how long they are at least, and who serves them.</summary>
internal static class VerbsCommandTable
{
    /// <summary>Serves a request: done or an error. What it made is gone again when it fails.</summary>
    private delegate Errno Server(in VerbsCall call);

    private static readonly Entry?[] Short = MakeShort();
    private static readonly Entry?[] Long = MakeLong();

    /// <summary>Checks a request's sizes and the response's place, and serves it.</summary>
    internal static Errno Serve(VerbsFile file, GuestThread thread, in VerbsRequest request)
    {
        Entry?[] table = request.IsExtended ? Long : Short;
        if (request.Command >= table.Length || table[request.Command] is not { } entry)
            return Errno.EOPNOTSUPP;
        if (request.Core.Length < entry.CoreBytes || request.Provider.Length < entry.ProviderBytes)
            return Errno.EINVAL;
        if (request.ResponseBytes < entry.ResponseBytes || request.ProviderResponseBytes < entry.ProviderResponseBytes)
            return Errno.ENOSPC;
        // Commands without a response have no place for one either: their first word is no pointer.
        bool responds = entry.ResponseBytes > 0;
        VerbsSession? session = file.Session;
        bool isFirst = !request.IsExtended && request.Command == (uint)VerbsCommand.GetContext;
        if (isFirst != session is null)
            return Errno.EINVAL;
        VerbsCall call = new(thread, session, request);
        if (responds && !call.CanRespond())
            return Errno.EFAULT;
        return isFirst ? DeviceCommands.GetContext(file, call) : entry.Serve(call);
    }

    private static Entry?[] MakeShort()
    {
        Entry?[] table = new Entry?[(int)VerbsCommand.OpenQueuePair + 1];
        void Add(VerbsCommand command, int coreBytes, int responseBytes, Server serve) => table[(int)command] = new(coreBytes, 0, responseBytes, 0, serve);
        Add(VerbsCommand.GetContext, 8, 8, static (in VerbsCall _) => Errno.EINVAL);
        Add(VerbsCommand.QueryDevice, 8, PortDescription.DeviceBytes, DeviceCommands.QueryDevice);
        Add(VerbsCommand.QueryPort, 16, PortDescription.PortBytes, DeviceCommands.QueryPort);
        Add(VerbsCommand.AllocateDomain, 8, 12, DomainCommands.Allocate);
        Add(VerbsCommand.DeallocateDomain, 4, 0, DomainCommands.Deallocate);
        Add(VerbsCommand.OpenXrcDomain, 16, 4, DomainCommands.OpenXrc);
        Add(VerbsCommand.CloseXrcDomain, 4, 0, DomainCommands.CloseXrc);
        Add(VerbsCommand.RegisterRegion, 40, 12, RegionCommands.Register);
        Add(VerbsCommand.ReregisterRegion, 48, 8, RegionCommands.Reregister);
        Add(VerbsCommand.DeregisterRegion, 4, 0, RegionCommands.Deregister);
        Add(VerbsCommand.AllocateWindow, 16, 8, RegionCommands.AllocateWindow);
        Add(VerbsCommand.DeallocateWindow, 4, 0, RegionCommands.DeallocateWindow);
        Add(VerbsCommand.CreateChannel, 8, 4, CompletionCommands.CreateChannel);
        Add(VerbsCommand.CreateCompletionQueue, 48, 16, CompletionCommands.Create);
        Add(VerbsCommand.ResizeCompletionQueue, 24, 8, CompletionCommands.Resize);
        Add(VerbsCommand.DestroyCompletionQueue, 16, 8, CompletionCommands.Destroy);
        Add(VerbsCommand.CreateQueuePair, 80, 32, QueuePairCommands.Create);
        Add(VerbsCommand.OpenQueuePair, 32, 32, QueuePairCommands.Open);
        Add(VerbsCommand.QueryQueuePair, 16, QueuePairLayout.QueryBytes, QueuePairCommands.Query);
        Add(VerbsCommand.ModifyQueuePair, QueuePairLayout.ModifyBytes, 0, QueuePairCommands.Modify);
        Add(VerbsCommand.DestroyQueuePair, 16, 4, QueuePairCommands.Destroy);
        Add(VerbsCommand.AttachMulticast, 24, 0, QueuePairCommands.Attach);
        Add(VerbsCommand.DetachMulticast, 24, 0, QueuePairCommands.Detach);
        Add(VerbsCommand.CreateSharedQueue, 48, 24, SharedQueueCommands.Create);
        Add(VerbsCommand.CreateExtendedSharedQueue, 64, 24, SharedQueueCommands.CreateExtended);
        Add(VerbsCommand.ModifySharedQueue, 16, 0, SharedQueueCommands.Modify);
        Add(VerbsCommand.QuerySharedQueue, 16, 16, SharedQueueCommands.Query);
        Add(VerbsCommand.DestroySharedQueue, 16, 4, SharedQueueCommands.Destroy);
        return table;
    }

    private static Entry?[] MakeLong()
    {
        Entry?[] table = new Entry?[(int)VerbsCommand.ModifyQueuePair + 1];
        table[(int)VerbsCommand.QueryDevice] = new(8, 0, PortDescription.DeviceBytes + 8, 0, DeviceCommands.QueryExtendedDevice);
        table[(int)VerbsCommand.CreateCompletionQueue] = new(32, 16, 16, 8, CompletionCommands.CreateExtended);
        table[(int)VerbsCommand.ModifyQueuePair] = new(QueuePairLayout.ModifyBytes, 0, 0, 0, QueuePairCommands.Modify);
        return table;
    }

    private sealed record Entry(int CoreBytes, int ProviderBytes, int ResponseBytes, int ProviderResponseBytes, Server Serve);
}

namespace Weft.Adapter;

/// <summary>Requests that concern the requester's own keys only. No other polling thread works meanwhile: see <see cref="Engine.IsAlone"/>.</summary>
internal static class LocalOperations
{
    /// <summary>Binds a window, or takes a binding back.</summary>
    internal static WorkStatus Carry(QueuePair pair, SendRequest request) =>
        request.Kind == RequestKind.LocalInvalidate
            ? TryInvalidate(pair, request.RemoteKey) ? WorkStatus.Success : WorkStatus.WindowBind
            : Bind(pair, request);

    /// <summary>Ends a type 2 window's binding, by the program itself or by a peer's SEND with invalidate.</summary>
    internal static bool TryInvalidate(QueuePair pair, uint value)
    {
        MemoryKey? key = pair.Vm.Keys.Find(value);
        if (key is not { WindowType: 2, IsValid: true } || key.ProtectionDomain != pair.ProtectionDomain || key.BoundQueuePair != pair.Number)
            return false;
        key.Unbind();
        return true;
    }

    /// <summary>A queue pair ends or begins anew: its type 2 windows' bindings go with it.</summary>
    internal static void UnbindWindows(QueuePair pair)
    {
        if (!pair.HasBoundWindows)
            return;
        pair.HasBoundWindows = false;
        foreach (MemoryKey key in pair.Vm.Keys.InUse)
            if (key is { WindowType: 2, IsValid: true } && key.BoundQueuePair == pair.Number)
                key.Unbind();
    }

    private static WorkStatus Bind(QueuePair pair, SendRequest request)
    {
        const uint indexMask = ~0xffu;
        MemoryKey? window = pair.Vm.Keys.FindWindow(request.NewKey & indexMask);
        if (window is null || window.ProtectionDomain != pair.ProtectionDomain || window.WindowType == 2 != request.BindsType2
            || request.BindsType2 && window.IsValid)
            return WorkStatus.WindowBind;
        if (request.BindBytes == 0)
        {
            window.Unbind();
            pair.Vm.Keys.Renew(window, (byte)request.NewKey);
            return WorkStatus.Success;
        }
        MemoryKey? region = pair.Vm.Keys.Find(request.RegionKey);
        AccessRights need = AccessRights.WindowBind
            | ((request.BindAccess & (AccessRights.RemoteWrite | AccessRights.RemoteAtomic)) != 0 ? AccessRights.LocalWrite : 0);
        if (region is null || region.WindowType != 0 || region.ProtectionDomain != pair.ProtectionDomain
            || !region.Allows(request.BindAddress, request.BindBytes, need))
            return WorkStatus.WindowBind;
        window.Unbind();
        pair.Vm.Keys.Renew(window, (byte)request.NewKey);
        region.Windows++;
        (window.Region, window.View, window.IsValid) = (region, region.View, true);
        (window.Access, window.LengthBytes) = (request.BindAccess, request.BindBytes);
        window.VirtualAddress = request.BindsZeroBased ? 0 : request.BindAddress;
        window.ViewOffset = request.BindAddress - region.VirtualAddress + region.ViewOffset;
        window.BoundQueuePair = pair.Number;
        pair.HasBoundWindows |= request.BindsType2;
        pair.Vm.Adapter.BoundWindows += request.BindsType2 ? 1 : 0;
        return WorkStatus.Success;
    }
}

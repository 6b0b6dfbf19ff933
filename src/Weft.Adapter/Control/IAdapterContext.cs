using Weft.Native;

namespace Weft.Adapter.Control;

/// <summary>
/// The verbs of one context. Handles are numbers of this context; stale, foreign and guessed ones are EINVAL.
/// When Destroy…, Dispose or a change to RESET returns, the engine touches the object's memory no more and no
/// completion of it will appear. Thread-safe.
/// </summary>
public interface IAdapterContext : IDisposable
{
    /// <summary>The reading end of a pipe of <see cref="AsyncEvent"/> records. Owned by the caller from the first read on; -1 after that.</summary>
    int TakeAsyncDescriptor();

    /// <summary>Makes a protection domain; the number is its handle.</summary>
    Errno AllocateProtectionDomain(out uint handle);

    /// <summary>Ends a protection domain; EBUSY while something uses it.</summary>
    Errno DeallocateProtectionDomain(uint handle);

    /// <summary>Registers memory. The extents, in order, are the bytes from <see cref="RegionRequest.Start"/> on.</summary>
    Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys);

    /// <summary>Changes a region (ibv_rereg_mr): only what the flags say of the request is looked at. 1 translation, 2 domain, 4 access.</summary>
    Errno ReregisterRegion(uint handle, uint flags, in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys);

    /// <summary>Ends a region: EBUSY while memory windows are bound to it.</summary>
    Errno DeregisterRegion(uint handle);

    /// <summary>Makes a memory window: type 1 or 2.</summary>
    Errno AllocateWindow(uint protectionDomain, byte type, out RegionKeys keys);

    /// <summary>Ends a memory window.</summary>
    Errno DeallocateWindow(uint handle);

    /// <summary>Makes a completion channel: the descriptor is the reading end of a pipe of 8-byte user handles, the caller's own.</summary>
    Errno CreateChannel(out uint handle, out int descriptor);

    /// <summary>Ends a channel: EBUSY while a completion queue uses it.</summary>
    Errno DestroyChannel(uint handle);

    /// <summary>Makes a completion queue. The buffer has been filled with 0xcc by the caller.</summary>
    Errno CreateCompletionQueue(in CompletionQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out CompletionQueueReply reply);

    /// <summary>Goes on in another buffer, filled with 0xcc by the caller, after a last entry of opcode 0x16 in the old one.</summary>
    /// <param name="handle">The queue.</param>
    /// <param name="entries">The new number of entries less one, 2^n-1; EINVAL when what is unread does not fit.</param>
    /// <param name="buffer">The new buffer.</param>
    Errno ResizeCompletionQueue(uint handle, uint entries, ReadOnlySpan<MemoryExtent> buffer);

    /// <summary>Ends a completion queue. EBUSY while a queue pair uses it.</summary>
    Errno DestroyCompletionQueue(uint handle, out EventCounts fired);

    /// <summary>Makes a shared receive queue, an XRC one where the request has a domain.</summary>
    Errno CreateSharedReceiveQueue(in SharedReceiveQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply);

    /// <summary>Sets the limit below which SRQ_LIMIT fires once; 0 disarms.</summary>
    Errno SetSharedReceiveLimit(uint handle, uint limit);

    /// <summary>What is left of the limit, and the sizes.</summary>
    Errno QuerySharedReceiveQueue(uint handle, out uint mostRequests, out uint mostSegments, out uint limit);

    /// <summary>Ends a shared receive queue. EBUSY while a queue pair uses it.</summary>
    Errno DestroySharedReceiveQueue(uint handle, out EventCounts fired);

    /// <summary>Makes a queue pair, in RESET. XRC targets have no buffer.</summary>
    Errno CreateQueuePair(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply);

    /// <summary>Joins another context's XRC target by its number (ibv_open_qp).</summary>
    Errno OpenQueuePair(uint xrcDomain, uint number, ulong userHandle, out QueueReply reply);

    /// <summary>Changes state and attributes; transitions and masks as the InfiniBand specification, volume 1, 11.2.5 says, else EINVAL.</summary>
    /// <param name="handle">The queue pair.</param>
    /// <param name="mask">enum ibv_qp_attr_mask.</param>
    /// <param name="attributes">The values the mask names.</param>
    Errno ModifyQueuePair(uint handle, uint mask, in QueuePairAttributes attributes);

    /// <summary>The attributes and capacities.</summary>
    Errno QueryQueuePair(uint handle, out QueuePairAttributes attributes, out QueuePairCapacities capacities);

    /// <summary>Ends a queue pair.</summary>
    Errno DestroyQueuePair(uint handle, out EventCounts fired);

    /// <summary>Opens an XRC domain, shared by contexts of this VM that name the same file (device and inode); 0, 0 for a private one.</summary>
    Errno OpenXrcDomain(ulong device, ulong inode, uint openFlags, out uint handle);

    /// <summary>Closes an XRC domain; EBUSY while something of this context uses it.</summary>
    Errno CloseXrcDomain(uint handle);

    /// <summary>A UD queue pair joins a multicast group.</summary>
    Errno AttachMulticast(uint queuePair, in GlobalAddress group, ushort lid);

    /// <summary>And leaves it.</summary>
    Errno DetachMulticast(uint queuePair, in GlobalAddress group, ushort lid);
}

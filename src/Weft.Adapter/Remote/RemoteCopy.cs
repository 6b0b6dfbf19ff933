using Weft.Native;

namespace Weft.Adapter.Remote;

/// <summary>Copies between guests' memory and a link's buffers.</summary>
internal static class RemoteCopy
{
    /// <summary>Fills a span with a request's bytes from an offset on. False where a key, a range or the memory is gone.</summary>
    internal static bool TryGather(QueuePair pair, SendRequest request, ulong offset, Span<byte> into)
    {
        ReadOnlySpan<Segment> segments = request.Segments.AsSpan(0, request.SegmentCount);
        MemoryCursor source;
        if (request.IsInline)
        {
            source = new MemoryCursor(pair, segments, SharedMemory.AddressOfPinned(request.Slot));
            source.Advance(offset);
        }
        else
            source = new MemoryCursor(pair, segments, AccessRights.None, offset);
        return TryGather(source, into);
    }

    /// <summary>Fills a span from a list.</summary>
    internal static bool TryGather(MemoryCursor source, Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            if (!source.TryPeek(out HostAddress address, out ulong contiguous))
                return false;
            int count = (int)Math.Min((ulong)into.Length, contiguous);
            if (!HostStubs.TryRead(address, into[..count]))
                return false;
            into = into[count..];
            source.Advance((ulong)count);
        }
        return true;
    }

    /// <summary>Writes a span to a list; the last byte after all others where asked: who polls it must find them.</summary>
    internal static bool TryScatter(MemoryCursor destination, ReadOnlySpan<byte> data, bool lastByteLast)
    {
        while (!data.IsEmpty)
        {
            if (!destination.TryPeek(out HostAddress address, out ulong contiguous))
                return false;
            int count = (int)Math.Min((ulong)data.Length, contiguous);
            if (lastByteLast && count == data.Length && count > 1)
                count--;
            if (!SharedMemory.TryWrite(address, data[..count]))
                return false;
            data = data[count..];
            destination.Advance((ulong)count);
        }
        return true;
    }
}

using System.Net;
using Weft.Fabric.Links;

namespace Weft.Fabric;

/// <summary>A host's end of its links to all others, as what sends over them sees it. A seam for simulations of what is above.</summary>
/// <remarks>The driver's thread, but for <see cref="FindHost"/>.</remarks>
public interface IHostLinks : IDisposable
{
    /// <summary>Readable when <see cref="Poll"/> has something to do; -1 for never.</summary>
    int WaitDescriptor { get; }

    /// <summary>When <see cref="Poll"/> must be called even if nothing happens, on its clock.</summary>
    long NextDeadlineNs { get; }

    /// <summary>Every link there is, ready or not.</summary>
    ReadOnlySpan<LinkCore> Links { get; }

    /// <summary>The link to the host that has a LID; null when no other host has it.</summary>
    LinkCore? FindLink(ushort lid);

    /// <summary>Which other host has an address; 0 for none. Any thread.</summary>
    ushort FindHost(IPAddress address);

    /// <summary>Which host a link leads to; 0 for one that is not of these any more.</summary>
    ushort NumberOf(LinkCore core);

    /// <summary>Sends what was committed, delivers what came. True when something moved.</summary>
    /// <param name="nowNs">A monotonic clock.</param>
    bool Poll(long nowNs);
}

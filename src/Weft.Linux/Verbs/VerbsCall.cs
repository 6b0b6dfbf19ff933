using Weft.Adapter.Control;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>A request on its way: who asks, of what, and how it is answered.</summary>
/// <param name="thread">The caller.</param>
/// <param name="session">The open context; null before GET_CONTEXT, which alone is served then.</param>
/// <param name="request">The request; as long, and with as much room for the response, as the command's table entry says.</param>
internal readonly ref struct VerbsCall(GuestThread thread, VerbsSession? session, VerbsRequest request)
{
    private readonly VerbsRequest _request = request;

    internal GuestThread Thread => thread;

    internal VerbsSession Session => session!;

    internal IAdapterContext Context => session!.Context;

    internal VerbsRequest Request => _request;

    /// <summary>Whether the whole response can be written now; zeroes it. Looked at before anything is done.</summary>
    internal bool CanRespond()
    {
        int bytes = _request.ResponseBytes + _request.ProviderResponseBytes;
        return bytes == 0 || thread.Memory.TryZero(_request.Response, (ulong)bytes);
    }

    /// <summary>Writes the response, as much of it as there is room for. False for EFAULT.</summary>
    /// <param name="core">The library's part, followed by the provider's in short requests.</param>
    /// <param name="provider">The provider's part of a long request.</param>
    internal bool Respond(ReadOnlySpan<byte> core, ReadOnlySpan<byte> provider = default)
    {
        ReadOnlySpan<byte> first = core[..Math.Min(core.Length, _request.ResponseBytes)];
        ReadOnlySpan<byte> second = provider[..Math.Min(provider.Length, _request.ProviderResponseBytes)];
        return (first.IsEmpty || thread.Memory.TryWrite(_request.Response, first))
            && (second.IsEmpty || thread.Memory.TryWrite(_request.Response + (ulong)_request.ResponseBytes, second));
    }

    /// <summary>The same, as the call's result.</summary>
    internal Errno RespondOrFault(ReadOnlySpan<byte> core, ReadOnlySpan<byte> provider = default) => Respond(core, provider) ? Errno.None : Errno.EFAULT;

    /// <summary>Responds with a new object, which goes again when the response can't be written.</summary>
    internal Errno RespondWith(VerbsObject made, ReadOnlySpan<byte> core, ReadOnlySpan<byte> provider = default)
    {
        if (Respond(core, provider))
            return Errno.None;
        session!.End(made, out _);
        return Errno.EFAULT;
    }

    /// <summary>An object of the context. EINVAL when there is none of the kind.</summary>
    internal Errno Find(VerbsObjectKind kind, uint handle, out VerbsObject found) => session!.Objects.Find(kind, handle, out found);

    /// <summary>The file's descriptor in the program.</summary>
    internal FileTable Files => thread.Files;
}

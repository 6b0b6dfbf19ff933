using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Opening a context, and what device and port are.</summary>
internal static class DeviceCommands
{
    /// <summary>Bytes of a completion queue's entry: the plain ones.</summary>
    internal const uint CompletionBytes = 32;

    /// <summary>struct mlx4_ib_alloc_ucontext_resp: no BlueFlame, so that the first word of a request is what publishes it.</summary>
    internal static Errno GetContext(VerbsFile file, in VerbsCall call)
    {
        IAdapterVm adapter = call.Thread.Kernel.Adapter!;
        Errno error = VerbsSession.Open(adapter, out VerbsSession? session);
        if (error != Errno.None)
            return error;
        if (!file.TryBegin(session!))
        {
            session!.Dispose();
            return Errno.EINVAL;
        }
        session!.Events.TryAddReference();
        SyscallResult descriptor = call.Files.Install(session.Events, true);
        if (descriptor.IsError)
            return descriptor.Error;
        const int bytes = 24, vectors = 1;
        Span<byte> response = stackalloc byte[bytes];
        response.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(response, (int)descriptor.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(response[4..], vectors);
        BinaryPrimitives.WriteUInt32LittleEndian(response[12..], adapter.Device.QueueTableSize);
        BinaryPrimitives.WriteUInt32LittleEndian(response[20..], CompletionBytes);
        if (call.Respond(response))
            return Errno.None;
        call.Files.Close((int)descriptor.Value);
        return Errno.EFAULT;
    }

    internal static Errno QueryDevice(in VerbsCall call)
    {
        Span<byte> response = stackalloc byte[PortDescription.DeviceBytes];
        response.Clear();
        PortDescription.PutDevice(response, call.Thread.Kernel.Adapter!.Device);
        return call.RespondOrFault(response);
    }

    internal static Errno QueryExtendedDevice(in VerbsCall call)
    {
        if (call.Request.U32(0) != 0 || call.Request.U32(4) != 0)
            return Errno.EINVAL;
        Span<byte> response = stackalloc byte[PortDescription.ExtendedDeviceBytes], provider = stackalloc byte[PortDescription.ProviderBytes];
        response.Clear();
        provider.Clear();
        PortDescription.PutExtendedDevice(response, call.Thread.Kernel.Adapter!.Device);
        PortDescription.PutProviderDevice(provider);
        return call.RespondOrFault(response, provider);
    }

    internal static Errno QueryPort(in VerbsCall call)
    {
        if (call.Request.U8(8) != AdapterNames.PortCount)
            return Errno.EINVAL;
        Span<byte> response = stackalloc byte[PortDescription.PortBytes];
        response.Clear();
        PortDescription.PutPort(response, call.Thread.Kernel.Adapter!.Device);
        return call.RespondOrFault(response);
    }
}

namespace Weft.Linux.Checkpoint;

/// <summary>The form of <see cref="KernelOptions"/> in a state.</summary>
internal static class OptionsState
{
    internal static void Write(BinaryWriter writer, KernelOptions options)
    {
        writer.Write(options.MemoryLimitBytes is not null);
        writer.Write(options.MemoryLimitBytes ?? 0);
        writer.Write(options.ProcessorCount);
        writer.WriteOptional(options.RootDirectory);
        writer.WriteList(options.Binds, static (to, bind) =>
        {
            to.Write(bind.Source);
            to.Write(bind.Destination);
            to.Write(bind.ReadOnly);
        });
        writer.Write(options.ReadOnly);
        writer.Write(options.HasNetwork);
        writer.WriteOptional(options.WorkingDirectory);
        writer.Write((int)options.SystemCalls);
        writer.Write((int)options.Adapter);
        writer.WriteOptional(options.Name);
        writer.WriteOptional(options.Group?.Name);
        writer.WriteOptional(options.Group?.Source);
        writer.Write(options.AnswersInStub);
        writer.Write(options.SharesMemory);
    }

    internal static KernelOptions Read(BinaryReader reader)
    {
        bool isLimited = reader.ReadBoolean();
        ulong limit = reader.ReadUInt64();
        return new KernelOptions
        {
            MemoryLimitBytes = isLimited ? limit : null,
            ProcessorCount = reader.ReadInt32(),
            RootDirectory = reader.ReadOptional(),
            Binds = reader.ReadList(static from => new BindMount(from.ReadString(), from.ReadString(), from.ReadBoolean())),
            ReadOnly = reader.ReadBoolean(),
            HasNetwork = reader.ReadBoolean(),
            WorkingDirectory = reader.ReadOptional(),
            SystemCalls = (SystemCallMode)reader.ReadInt32(),
            Adapter = (AdapterUse)reader.ReadInt32(),
            Name = reader.ReadOptional(),
            Group = ReadGroup(reader),
            AnswersInStub = reader.ReadBoolean(),
            SharesMemory = reader.ReadBoolean(),
        };
    }

    private static GroupChoice? ReadGroup(BinaryReader reader)
    {
        string? name = reader.ReadOptional(), source = reader.ReadOptional();
        return name is null ? null : new GroupChoice(name, source ?? "");
    }
}

// Tests count this process's descriptors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

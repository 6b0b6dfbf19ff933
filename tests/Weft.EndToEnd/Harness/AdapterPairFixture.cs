namespace Weft.EndToEnd.Harness;

/// <summary>One daemon for all cases of a class, ended after the last.</summary>
public sealed class AdapterPairFixture : IAsyncLifetime
{
    /// <summary>With the engine's own choice of when to poll.</summary>
    internal AdapterPair Pair { get; } = new("auto");

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task DisposeAsync() => Pair.DisposeAsync().AsTask();
}

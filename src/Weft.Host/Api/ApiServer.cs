using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weft.Vm.Daemon;

namespace Weft.Host.Api;

/// <summary>The HTTP interface on a Unix socket that only its user can reach.</summary>
internal sealed class ApiServer : IDisposable
{
    private const int MostConnections = 64;
    private readonly WebApplication _app;

    /// <summary>Serves.</summary>
    /// <param name="path">The socket's path; what lies there is replaced.</param>
    /// <param name="reports">What there is to tell.</param>
    /// <param name="stop">Ends the daemon; false when VMs use it and the argument is false.</param>
    /// <param name="logs">Where to log; not owned.</param>
    /// <exception cref="IOException">The path can't be listened on.</exception>
    internal ApiServer(string path, Reports reports, Func<bool, bool> stop, ILoggerProvider logs)
    {
        File.Delete(path);
        // Nothing is taken from the environment, the directory or a file: only what stands here.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = "/" });
        builder.Logging.AddProvider(new Borrowed(logs));
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = MostConnections;
            options.Limits.MaxRequestBodySize = 0;
            options.ListenUnixSocket(path);
        });
        _app = builder.Build();
        Map(reports, stop);
        _app.StartAsync().GetAwaiter().GetResult();
    }

    /// <summary>Serves no more; the socket's file is deleted.</summary>
    public void Dispose()
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1));
        _app.StopAsync(patience.Token).GetAwaiter().GetResult();
        _app.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Map(Reports reports, Func<bool, bool> stop)
    {
        Tell("/", reports.Daemon, DaemonJson.Default.DaemonReport);
        Tell("/adapter", reports.Adapter, DaemonJson.Default.AdapterReport);
        Tell("/vms", () => reports.Adapter().Vms, DaemonJson.Default.IReadOnlyListVmReport);
        Tell("/queue-pairs", reports.QueuePairs, DaemonJson.Default.IReadOnlyListQueuePairReport);
        Tell("/regions", reports.Regions, DaemonJson.Default.IReadOnlyListRegionReport);
        Map("/stop", HttpMethods.Post, context =>
        {
            if (stop(context.Request.Query["force"] == "true"))
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            else
            {
                context.Response.StatusCode = StatusCodes.Status409Conflict;
                return context.Response.WriteAsJsonAsync(new ErrorReport("VMs use the adapter; end them first, or use --force"), DaemonJson.Default.ErrorReport);
            }
            return Task.CompletedTask;
        });
    }

    private void Tell<T>(string path, Func<T> report, JsonTypeInfo<T> type) =>
        Map(path, HttpMethods.Get, context => context.Response.WriteAsJsonAsync(report(), type));

    private void Map(string path, string method, RequestDelegate serve) => _app.MapMethods(path, [method], serve);

    /// <summary>The daemon itself minds signals.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Keeps the application from disposing of the log.</summary>
    private sealed class Borrowed(ILoggerProvider inner) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => inner.CreateLogger(categoryName);

        public void Dispose()
        {
        }
    }
}

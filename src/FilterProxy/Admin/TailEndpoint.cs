using System.Buffers;
using System.ComponentModel;
using System.IO.Pipelines;
using System.Text.Json;
using FilterProxy.Core.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FilterProxy.Host.Admin;

/// <summary>Exchanges as they end, a line of JSON each, until the client leaves.</summary>
internal static class TailEndpoint
{
    public const string ContentType = "application/x-ndjson";

    // An empty line now and then: who went away without a word is noticed by it.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder app, ProxyControl control) =>
        app.MapGet("/tail", (
                HttpContext context,
                [Description("Only those that failed.")] bool? errors,
                [Description("Only those on this route.")] string? route) => FollowAsync(context, control, errors ?? false, route))
            .Describe(new EndpointInfo("Exchanges as they end, a line of JSON each; who reads too slowly is told how many it missed.", null, ContentType));

    private static async Task FollowAsync(HttpContext context, ProxyControl control, bool onlyErrors, string? route)
    {
        using var follower = control.Engine.Services.Watch.TryFollow(onlyErrors, route);
        if (follower is null)
        {
            await AdminJson.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, new AdminError("too_many", $"{ExchangeWatch.MostFollowers} follow already"));
            return;
        }

        context.Response.ContentType = ContentType;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, control.Closing);
        try
        {
            await context.Response.StartAsync(stopping.Token);
            await context.Response.Body.FlushAsync(stopping.Token);
            var more = follower.Records.WaitToReadAsync(stopping.Token).AsTask();
            while (!stopping.IsCancellationRequested)
            {
                if (await IsThereAsync(more, stopping.Token))
                {
                    Write(context.Response.BodyWriter, follower);
                    more = follower.Records.WaitToReadAsync(stopping.Token).AsTask();
                }
                else
                {
                    context.Response.BodyWriter.Write("\n"u8);
                }

                await context.Response.BodyWriter.FlushAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // It left, or the process ends.
        }
    }

    private static async Task<bool> IsThereAsync(Task more, CancellationToken stop)
    {
        try
        {
            await more.WaitAsync(Pause, stop);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static void Write(PipeWriter body, ExchangeFollower follower)
    {
        // Not all that come: between two flushes no more than a queue of them.
        for (var i = 0; i < 256 && follower.Records.TryRead(out var record); i++)
        {
            using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { SkipValidation = true }))
            {
                JsonSerializer.Serialize(json, record, AdminJson.Lines.ExchangeRecord);
            }

            body.Write("\n"u8);
        }

        if (follower.TakeMissed() is > 0 and var missed)
        {
            using (var json = new Utf8JsonWriter(body))
            {
                json.WriteStartObject();
                json.WriteNumber("missed", missed);
                json.WriteEndObject();
            }

            body.Write("\n"u8);
        }
    }
}

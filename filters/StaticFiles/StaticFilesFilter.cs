using System.IO.Pipelines;
using System.Text;
using FilterProxy.Filters.Http;

namespace FilterProxy.Filters.StaticFiles;

/// <summary>Answers from the files of a folder.</summary>
[Component("static_files", Blocking = true)]
public sealed class StaticFilesFilter : IRequestFilter
{
    private const string Reason = "static_file";

    private static readonly StreamPipeReaderOptions Reading = new(bufferSize: 64 * 1024, minimumReadSize: 16 * 1024);

    private readonly StaticFilesOptions _options;
    private readonly FileTree _tree;
    private readonly MediaTypeTable _types;
    private readonly byte[] _prefix;
    private readonly byte[] _cacheControl;
    private readonly (byte[] Name, string Extension)[] _codings;
    private readonly byte[][] _codingNames;

    /// <summary>Creates one.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message says how.</exception>
    public StaticFilesFilter(StaticFilesOptions options, ComponentContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Root, context.ConfigDirectory));
        Check(options, root);
        _options = options;
        _tree = new FileTree(root, options.Symlinks);
        _types = new MediaTypeTable(options.Types);
        _prefix = Encoding.ASCII.GetBytes(options.Prefix.TrimEnd('/'));
        _cacheControl = Encoding.ASCII.GetBytes(options.CacheControl);
        _codings = [.. options.Precompressed.Distinct().Select(coding => coding == PrecompressedCoding.Br ? ("br"u8.ToArray(), ".br") : ("gzip"u8.ToArray(), ".gz"))];
        _codingNames = [.. _codings.Select(c => c.Name)];
    }

    /// <inheritdoc/>
    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        var path = request.Path;
        if (!path.StartsWith(_prefix) || path.Length == _prefix.Length || path[_prefix.Length] != '/')
        {
            return new(Miss(exchange));
        }

        if (request.MethodKind is not (HttpMethodKind.Get or HttpMethodKind.Head))
        {
            return new(_options.Missing == MissingFile.Next ? FilterStatus.Continue : Refuse(exchange));
        }

        path = path[_prefix.Length..];
        if (FileTree.Parse(path) is not { } segments)
        {
            return new(Miss(exchange));
        }

        var isFolder = path[^1] == '/';
        var found = _tree.Find(segments);
        var status = found is null ? null : isFolder ? AnswerFolder(exchange, segments, found) : AnswerFile(exchange, found);
        return new(status ?? AnswerFallback(exchange, segments) ?? Miss(exchange));
    }

    private static void Check(StaticFilesOptions options, string root)
    {
        if (!Directory.Exists(root))
        {
            throw new ArgumentException($"root: there is no folder '{root}'", nameof(options));
        }

        if (options.Prefix.Length > 0 && options.Prefix[0] != '/')
        {
            throw new ArgumentException($"prefix: '{options.Prefix}' does not begin with a slash", nameof(options));
        }

        if (options.Index.Append(options.Fallback).FirstOrDefault(name => name.Contains("..", StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal)) is { } wrong)
        {
            throw new ArgumentException($"'{wrong}' is not the name of a file in the root", nameof(options));
        }

        if (!HeaderName.IsValue(Encoding.UTF8.GetBytes(options.CacheControl)))
        {
            throw new ArgumentException("cache_control: the value holds a control character (RFC 9110 §5.5)", nameof(options));
        }
    }

    private static FilterStatus Refuse(HttpExchange exchange)
    {
        exchange.Reply(405, "method_not_allowed");
        exchange.Response.Headers.Set("allow"u8, "GET, HEAD"u8);
        return FilterStatus.Stop;
    }

    private FilterStatus Miss(HttpExchange exchange)
    {
        if (_options.Missing == MissingFile.Next)
        {
            return FilterStatus.Continue;
        }

        exchange.Reply(404, "file_not_found", "Not found\n"u8.ToArray(), "text/plain; charset=utf-8");
        return FilterStatus.Stop;
    }

    private FilterStatus? AnswerFolder(HttpExchange exchange, List<string> segments, string folder)
    {
        foreach (var name in _options.Index)
        {
            if (_tree.Find([.. segments, name]) is { } index && AnswerFile(exchange, index) is { } answered)
            {
                return answered;
            }
        }

        if (!_options.Listing || !Directory.Exists(folder))
        {
            return null;
        }

        exchange.Reply(200, "directory_listing", DirectoryPage.Of(folder, "/" + string.Concat(segments.Select(s => s + "/"))), "text/html; charset=utf-8");
        return FilterStatus.Stop;
    }

    private FilterStatus? AnswerFallback(HttpExchange exchange, List<string> segments) =>
        _options.Fallback.Length > 0 && (segments.Count == 0 || !segments[^1].Contains('.', StringComparison.Ordinal))
        && _tree.Find(_options.Fallback.Split('/', StringSplitOptions.RemoveEmptyEntries)) is { } page
            ? AnswerFile(exchange, page)
            : null;

    private FilterStatus? AnswerFile(HttpExchange exchange, string path)
    {
        var chosen = _codings.Length == 0 ? -1 : AcceptEncoding.Choose(exchange.Request.Headers, _codingNames);
        var encoded = chosen < 0 ? null : FoundFile.TryOpen(path + _codings[chosen].Extension, _codings[chosen].Extension);
        var file = encoded ?? FoundFile.TryOpen(path);
        if (file is null)
        {
            return Directory.Exists(path) ? Redirect(exchange) : null;
        }

        Send(exchange, file, path);
        if (encoded is not null && exchange.Response.StatusCode is 200 or 206)
        {
            exchange.Response.Headers.Set(KnownHeader.ContentEncoding, _codings[chosen].Name);
        }

        return FilterStatus.Stop;
    }

    // The links in a page are relative to its path, which for a folder ends in a slash.
    private static FilterStatus Redirect(HttpExchange exchange)
    {
        var request = exchange.Request;
        byte[] location = request.HasQuery ? [.. request.Path, .. "/?"u8, .. request.Query] : [.. request.Path, (byte)'/'];
        exchange.Reply(301, "folder_redirect");
        exchange.Response.Headers.Set(KnownHeader.Location, location);
        return FilterStatus.Stop;
    }

    private void Send(HttpExchange exchange, FoundFile file, string path)
    {
        var request = exchange.Request.Headers;
        if (Preconditions.Fail(request, file.ETag, file.Modified))
        {
            exchange.Reply(412, "precondition_failed");
            file.Dispose();
        }
        else if (Preconditions.AreMet(request, file.ETag, file.Modified))
        {
            exchange.Reply(304, Reason);
            file.Dispose();
        }
        else
        {
            SendContent(exchange, file, _types.Of(path));
        }

        var headers = exchange.Response.Headers;
        file.WriteValidators(headers);
        if (_cacheControl.Length > 0)
        {
            headers.Set(KnownHeader.CacheControl, _cacheControl);
        }

        if (_codings.Length > 0)
        {
            headers.Set(KnownHeader.Vary, "Accept-Encoding"u8);
        }
    }

    private static void SendContent(HttpExchange exchange, FoundFile file, string type)
    {
        var request = exchange.Request;
        Span<(long Start, long Length)> ranges = stackalloc (long, long)[ByteRanges.Most];
        var outcome = request.MethodKind == HttpMethodKind.Get && request.Headers.TryGet(KnownHeader.Range, out var field)
            && Preconditions.RangeHolds(request.Headers, file.ETag, file.Modified)
                ? ByteRanges.Parse(field, file.Length, ranges, out var count)
                : ByteRanges.Outcome.Ignored;
        if (outcome == ByteRanges.Outcome.Unsatisfiable)
        {
            exchange.Reply(416, "range_not_satisfiable");
            exchange.Response.Headers.Set(KnownHeader.ContentRange, Encoding.ASCII.GetBytes($"bytes */{file.Length}"));
            file.Dispose();
            return;
        }

        // Several ranges at once are nobody's habit: the whole file is an answer to them too (RFC 9110 §14.2).
        var isPart = outcome == ByteRanges.Outcome.Satisfiable && ranges[1].Length == 0;
        var (start, length) = isPart ? ranges[0] : (0, file.Length);
        var body = request.MethodKind == HttpMethodKind.Head || length == 0 ? Nothing(file) : PipeReader.Create(new PartOfFile(file.Handle, start, length), Reading);
        exchange.Reply(isPart ? 206 : 200, Reason, body, length, type);
        exchange.Response.Headers.Set(KnownHeader.ContentType, Encoding.ASCII.GetBytes(type));
        exchange.Response.Headers.Set(KnownHeader.AcceptRanges, "bytes"u8);
        if (isPart)
        {
            exchange.Response.Headers.Set(KnownHeader.ContentRange, Encoding.ASCII.GetBytes($"bytes {start}-{start + length - 1}/{file.Length}"));
        }
    }

    private static PipeReader Nothing(FoundFile file)
    {
        file.Dispose();
        return PipeReader.Create(Stream.Null);
    }
}

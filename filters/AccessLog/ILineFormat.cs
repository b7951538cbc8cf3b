namespace FilterProxy.Filters.AccessLog;

/// <summary>Writes the line of one exchange, with its line feed.</summary>
internal interface ILineFormat
{
    void Write(HttpExchange exchange, LineBuffer line);
}

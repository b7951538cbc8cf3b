using FilterProxy.Filters.Waf.Language;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf.Bodies;

public sealed class BodyReaderTests
{
    private const string Type = "multipart/form-data; boundary=xyz";

    [Theory]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=%41+c", "a=1 b=A c")]
    [InlineData("application/json", """{"a":{"b":[1,"x\u0041\n"]},"c":null,"d":true,"e\u0062":1.5}""", "json.a.b.array_0=1 json.a.b.array_1=xA\n json.c= json.d=true json.eb=1.5")]
    [InlineData("application/json", "[[1],{\"k\":\"v\"}]", "json.array_0.array_0=1 json.array_1.k=v")]
    [InlineData("application/vnd.api+json; charset=utf-8", "\"text\"", "json=text")]
    [InlineData("application/json", """{"a":"\ud83d\ude00"}""", "json.a=\u00f0\u009f\u0098\u0080")]
    [InlineData(Type, "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\ntwo\r\n--xyz\r\nContent-Disposition: form-data; name=b\r\n\r\n\r\n--xyz--\r\n", "a=one\r\ntwo b=")]
    public void Values_become_arguments(string type, string body, string expected)
    {
        var transaction = TextRules.Post("", type, body);
        Assert.Equal(expected, string.Join(' ', transaction.ValuesOf(Variable.ArgsPost).Select(value => $"{value.Key}={value.Text}")));
        Assert.Equal("0", transaction.First(Variable.ReqbodyError, null));
    }

    [Theory]
    [InlineData("application/json", "{\"a\":")]
    [InlineData("application/json", "{'a':1}")]
    [InlineData("application/json", "[1,]")]
    [InlineData("text/xml", "<a><b></a>")]
    [InlineData("text/xml", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>")]
    [InlineData("multipart/form-data", "--xyz\r\n")]
    [InlineData("multipart/form-data; boundary=a; boundary=b", "--a--")]
    [InlineData(Type, "no boundary")]
    [InlineData(Type, "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut")]
    [InlineData(Type, "--xyz \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData(Type, "--xyz\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData(Type, "--xyz\r\nContent-Disposition: form-data; name=\"a\"; filename*=UTF-8''x\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData(Type, "--xyz\r\nno colon\r\n\r\nx\r\n--xyz--\r\n")]
    public void What_cannot_be_read_is_an_error_rules_see(string type, string body) =>
        Assert.NotNull(TextRules.Post("SecRule REQBODY_ERROR \"!@eq 0\" \"id:1,phase:2,deny\"", type, body).Interception);

    [Fact]
    public void Json_too_deep_is_an_error() =>
        Assert.NotNull(TextRules.Post("SecRequestBodyJsonDepthLimit 10\nSecRule REQBODY_ERROR \"@eq 1\" \"id:1,phase:2,deny\"", "application/json", new string('[', 11) + new string(']', 11)).Interception);

    [Fact]
    public void Xml_is_read_by_paths()
    {
        var transaction = TextRules.Post("""
            SecRule XML:/* "@contains text & more" "id:1,phase:2,pass"
            SecRule XML://@* "@streq attribute" "id:2,phase:2,pass"
            SecRule XML:/a/c "@rx ." "id:3,phase:2,pass"
            SecRule &XML:/a/b "@eq 2" "id:4,phase:2,pass"
            """, "application/soap+xml", "<a x='attribute'><b>text &amp; </b><b><![CDATA[more]]></b></a>");
        Assert.Equal([1, 2, 4], TextRules.Matched(transaction));
    }

    [Fact]
    public void Files_are_told_from_fields()
    {
        var transaction = TextRules.Post("", Type, "--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\\\"b.php\"\r\nContent-Type: text/plain\r\n\r\n12345\r\n--xyz--\r\n");
        Assert.Equal(
            ("a\"b.php", "f", "5", "5", "12345", 0),
            (transaction.First(Variable.Files, "f"), transaction.First(Variable.FilesNames, null), transaction.First(Variable.FilesSizes, null),
                transaction.First(Variable.FilesCombinedSize, null), transaction.First(Variable.FilesTmpContent, null), transaction.ValuesOf(Variable.Args).Count));
        Assert.Equal("Content-Type: text/plain", transaction.ValuesOf(Variable.MultipartPartHeaders)[1].Text);
    }

    [Theory]
    [InlineData("MultipartBoundaryQuoted", "multipart/form-data; boundary=\"xyz\"", "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartBoundaryWhitespace", "multipart/form-data; boundary= xyz", "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartMissingSemicolon", "multipart/form-data, boundary=xyz", "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartDataBefore", Type, "x\r\n--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartDataAfter", Type, "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\nx")]
    [InlineData("MultipartHeaderFolding", Type, "--xyz\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartInvalidHeaderFolding", Type, "--xyz\r\n Content-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartLfLine", Type, "--xyz\nContent-Disposition: form-data; name=a\n\nx\n--xyz--\n")]
    [InlineData("MultipartCrlfLfLines", Type, "--xyz\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartInvalidQuoting", Type, "--xyz\r\nContent-Disposition: form-data; name='a'\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartInvalidPart", Type, "--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--\r\n")]
    [InlineData("MultipartFileLimitExceeded", Type, "--xyz\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\nx\r\n--xyz--\r\n")]
    public void What_readers_take_differently_is_flagged(string flag, string type, string body)
    {
        var transaction = TextRules.Post("SecUploadFileLimit 0", type, body);
        Assert.Equal(("1", "1"), (transaction.First(Enum.Parse<Variable>(flag), null), transaction.First(Variable.MultipartStrictError, null)));
    }

    [Theory]
    [InlineData("--\"xyz\"", "1")]
    [InlineData("--XYZ", "1")]
    [InlineData("-- xyz", "1")]
    [InlineData("----", "0")]
    [InlineData("-----BEGIN CERTIFICATE-----", "0")]
    public void What_another_reader_may_take_for_a_boundary_is_flagged(string line, string expected)
    {
        var transaction = TextRules.Post("", Type, $"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n{line}\r\n--xyz--\r\n");
        Assert.Equal((expected, "0"), (transaction.First(Variable.MultipartUnmatchedBoundary, null), transaction.First(Variable.MultipartStrictError, null)));
    }

    [Fact]
    public void More_arguments_than_are_read_are_an_error()
    {
        var transaction = TextRules.Post("SecArgumentsLimit 3", "application/x-www-form-urlencoded", "a&b&c&d");
        Assert.Equal(("1", 3), (transaction.First(Variable.ReqbodyError, null), transaction.ValuesOf(Variable.Args).Count));
    }

    [Fact]
    public void A_body_without_processor_is_given_to_rules_that_force_it()
    {
        const string Rules = "SecRule REQBODY_PROCESSOR \"!@rx .\" \"id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On\"\nSecRule REQUEST_BODY \"@contains bad\" \"id:2,phase:2,deny\"";
        Assert.NotNull(TextRules.Post(Rules, "text/plain", "a bad text").Interception);
    }

    [Fact]
    public void Random_bytes_never_break_a_reader()
    {
        const int Seed = 99;
        var random = new Random(Seed);
        string[] pieces = ["--xyz", "\r\n", "\n", "Content-Disposition: form-data; name=\"a\"", ":", "\"", ";", "{", "}", "[", "]", ",", "\\u00", "<a>", "</a>", "%4", "&", "=", "\0", "\u00ff", "--"];
        foreach (var type in new[] { Type, "application/json", "text/xml", "application/x-www-form-urlencoded" })
        {
            for (var round = 0; round < 300; round++)
            {
                var body = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => pieces[random.Next(pieces.Length)]));
                Assert.NotNull(TextRules.Post("", type, body));
            }
        }
    }
}

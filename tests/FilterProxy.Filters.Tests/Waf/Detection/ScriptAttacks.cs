namespace FilterProxy.Filters.Tests.Waf.Detection;

/// <summary>Script injections of our own wording: by tag, event, address, style, declaration, and out of each kind of attribute.</summary>
internal static class ScriptAttacks
{
    private static readonly string[] Fixed =
    [
        "<script>z()</script>", "<SCRIPT>z()</SCRIPT>", "<ScRiPt\n>z()", "<script/z>z()</script>", "<script src=//h.example/z.js>",
        "<script\tsrc='data:,z()'></script>", "<script", "<script async src=z", "<svg><script>z()</script></svg>",
        "<z:script xmlns:z='http://www.w3.org/1999/xhtml'>z()</z:script>", "<math><script>z()", "</script><script>z()//",
        "';z()//</script><svg/onload=z()>", "<scri\0pt>z()</scri\0pt>", "<\0script>z()</script>", "<<script>z();//<</script>",
        "<iframe src=//h.example>", "<iframe/srcdoc='&lt;script&gt;z()&lt;/script&gt;'>", "<iframe>", "<frame src=z>", "<frameset cols=1>",
        "<object data=//h.example/z.swf>", "<embed src=//h.example/z>", "<applet code=Z>", "<base href=//h.example/>",
        "<link rel=stylesheet href=//h.example/z>", "<link href='//h.example' rel='import'>", "<meta http-equiv=refresh content=0>",
        "<meta charset=utf-7>", "<style>*{x:y}</style>", "<style>@import '//h.example';", "<isindex type=image>", "<bgsound src=z>",
        "<xml id=z><z>1</z></xml>", "<svg viewBox='0 0 1 1'>", "<math href=z>", "<animate attributeName=href to=z>",
        "<set attributeName=onload to=z()>", "<foreignObject width=1>", "<noscript x='1'>", "<xsl:stylesheet version='1.0'>",
        "<a href=javascript:z()>", "<a href='javascript:z()'>", "<a href=\"  javascript:z()\">", "<a href='java\nscript:z()'>",
        "<a href='java\tscript:z()'>", "<a href='\u0001javascript:z()'>", "<a href='JaVaScRiPt:z()'>", "<a href='&#106avascript:z()'>",
        "<a href='&#0000106;avascript:z()'>", "<a href='&#x6A;avascript:z()'>", "<a href='javascript&colon;z()'>",
        "<a href='javascript&#58;z()'>", "<a href='java&Tab;script:z()'>", "<a href='java&NewLine;script:z()'>", "<a href='vbscript:z'>",
        "<a href='livescript:z()'>", "<a href='data:text/html,z'>", "<a href='data:text/html;base64,eg=='>",
        "<a href='data:image/svg+xml,<svg/>'>", "<a href='data:,z'>", "<a xlink:href='javascript:z()'>", "<form action='javascript:z()'>",
        "<button formaction='javascript:z()'>z", "<input type=image src='javascript:z()'>", "<img src='javascript:z()'>",
        "<img dynsrc=javascript:z()>", "<img lowsrc=javascript:z()>", "<table background='javascript:z()'>", "<video poster=javascript:z()>",
        "<body background=javascript:z()>", "<a href='view-source:z'>", "<q cite='javascript:z()'>", "<a ping='javascript:z()' href=z>",
        "<div style='width:expression(z())'>", "<div style='behavior:url(#z)'>", "<div style='-moz-binding:url(//h.example)'>",
        "<div style=\"background:url('javascript:z()')\">", "<div style='@import z'>", "<div style='w\\69 dth:1'>", "<div style='wi/**/dth:1'>",
        "<!--[if gte IE 4]><script>z()</script><![endif]-->", "<!--`z`-->", "<!--#exec cmd='z'-->", "<!--#include file='z'-->",
        "<!DOCTYPE html>", "<!doctype z [<!ENTITY z 'z'>]>", "<!ENTITY z SYSTEM 'file:///z'>", "<![CDATA[<script>z()</script>]]>",
        "<?xml-stylesheet href='z'?>", "<?import namespace='z'>", "<div xmlns='z'>", "<z xlink:type=simple>",
        "\"><script>z()</script>", "'><script>z()</script>", "`><script>z()</script>", "z><script>z()</script>", "--><script>z()</script>",
        "]]><script>z()</script>", "</textarea><script>z()</script>", "</style><img src=z onerror=z()>",
        "<img src=\"z\" title=\"></noscript><img src=z onerror=z()>\">", "<noscript><p title=\"</noscript><img src=z onerror=z()>\">",
        "<img '\"<script>z()</script>", "<div title='<script>z()</script>'>", "<a datasrc=#z datafld=z>", "<p id=`z` onclick=z()>",
    ];

    private static readonly string[] Events =
    [
        "onclick", "onload", "onerror", "onfocus", "onblur", "onmouseover", "onmouseenter", "onpointerdown", "onkeyup", "onanimationend",
        "ontransitionrun", "onwheel", "ontoggle", "onbeforetoggle", "onscroll", "onscrollend", "onhashchange", "onmessage",
        "onpageshow", "onpopstate", "onresize", "onsubmit", "oninput", "oninvalid", "onsearch", "onselect", "oncopy", "oncut", "onpaste",
        "ondrag", "ondrop", "oncanplay", "onplay", "ontimeupdate", "onvolumechange", "oncontextmenu", "ondblclick", "onauxclick",
        "ongotpointercapture", "onlostpointercapture", "onstart", "onfinish", "onbegin", "onend", "onrepeat", "onshow", "onactivate",
        "onbeforeunload", "onafterprint", "onstorage", "onunload", "onunhandledrejection", "ontouchstart", "onformdata", "oncuechange",
        "onreadystatechange", "onpropertychange", "onrowenter", "onlosecapture", "onbounce", "onzoom", "ondeviceorientation",
        "onsecuritypolicyviolation", "onslotchange", "onfullscreenchange", "onwebkitanimationend", "ONCLICK", "OnLoad",
    ];

    private static readonly string[] Places =
    [
        "<img src=z {0}=z()>", "<z {0}='z()'>", "<svg/{0}=z()>", "<body {0} = \"z()\">", "<z\n{0}\t=\nz()", "\" {0}=\"z()", "' {0}='z()",
        "z {0}=z()", "` {0}=z() `", "\"/{0}=z() z=\"", "\" x {0}=z() y=\"", "<z a=b {0}=z() c=d>", "</z><z {0}=z()>", "<img \"\"\" {0}=z()>",
    ];

    public static IEnumerable<string> All => Fixed.Concat(
        Events.SelectMany((name, i) => new[] { 0, 3, 7 }.Select(step => string.Format(null, Places[(i + step) % Places.Length], name))));
}

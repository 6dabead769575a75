//! What people and bots write: short texts, Chinese and English as customers of one shop write them.

use super::roster::Duty;

/// A customer's first words, by what the team is there for.
pub(super) fn questions(duty: Duty) -> &'static [&'static str; 6] {
    match duty {
        Duty::Presale => &[
            "这款有现货吗?",
            "身高170穿什么码?",
            "满减活动到几号?",
            "Does this ship to Hangzhou?",
            "两件可以优惠吗?",
            "Is the blue one in stock?",
        ],
        Duty::Aftersale => &[
            "我要退货,怎么操作?",
            "快递三天没动了",
            "收到的杯子碎了",
            "Where is my parcel?",
            "退款什么时候到账?",
            "I would like to exchange it for a larger size",
        ],
        Duty::Vip => &[
            "我的积分怎么少了?",
            "帮我预约周六的门店",
            "生日礼还没收到",
            "Can you upgrade my membership?",
            "金卡可以包邮吗?",
            "I need a gift box, please",
        ],
        Duty::Technical => &[
            "登录一直提示验证码错误",
            "支付失败但是扣款了",
            "APP 打不开",
            "The page stays blank",
            "订单页面报错 500",
            "I cannot reset my password",
        ],
        Duty::Complaints => &[
            "我要投诉!",
            "等了一个星期还没人处理",
            "你们的师傅态度太差了",
            "This is the third time I am asking",
            "商品和描述不符",
            "I want to speak to your manager",
        ],
    }
}

/// A customer's later words.
pub(super) const CUSTOMER_MORE: [&str; 8] =
    ["好的,那多久能到?", "还有一个问题", "订单号是 20481", "可以的", "And the other one?", "那怎么办呢", "稍等我看一下", "Yes, that one"];
/// Impatient words while waiting.
pub(super) const CUSTOMER_AGAIN: [&str; 4] = ["在吗?", "?", "Hello?", "有人吗"];
/// How a customer asks for a person.
pub(super) const CUSTOMER_PERSON: [&str; 4] = ["转人工", "人工客服", "I want a person, please", "找人工"];
/// How a customer says goodbye.
pub(super) const CUSTOMER_THANKS: [&str; 4] = ["谢谢", "好的谢谢", "Thanks!", "明白了,感谢"];
/// A bot's answers.
pub(super) const BOT: [&str; 4] = [
    "您好,我是小助手,请问有什么可以帮您?",
    "您可以在订单详情页申请退换",
    "Orders before 16:00 leave the same day",
    "请提供订单号,我帮您查询",
];
/// An automated greeting in an agent's name.
pub(super) const GREETING: &str = "您好,很高兴为您服务,请稍等";
/// An agent's answers.
pub(super) const AGENT: [&str; 10] = [
    "您好,我马上帮您查询",
    "已经为您登记,预计明天送达",
    "这边帮您申请退款,1-3 个工作日到账",
    "Your parcel left the warehouse this morning",
    "有现货的,今天可以发出",
    "建议您拍大一码",
    "已帮您改好地址",
    "I have sent you a new link",
    "麻烦您发一下照片",
    "给您补发一张优惠券",
];
/// Words that a supervisor does not want to read: an agent says them now and then.
pub(super) const RUDE: [&str; 3] = ["不知道,你自己看", "这个不归我管", "That is not my problem"];
/// How an agent says that somebody else goes on.
pub(super) const TRANSFER: [&str; 2] = ["这个问题帮您转接专员处理", "I am passing you on to a colleague"];
/// How an agent ends.
pub(super) const GOODBYE: [&str; 4] =
    ["不客气,祝您生活愉快", "感谢您的咨询,再见", "You are welcome, have a nice day", "有问题随时联系我们"];
/// A private note.
pub(super) const NOTE: [&str; 3] = ["客户情绪激动,注意安抚", "asked warehouse, waiting for answer", "已核实订单,可退"];
/// The system's own lines.
pub(super) const IDLE_CLOSE: &str = "由于您长时间未回复,会话已结束";
/// The system's receipt of a ticket.
pub(super) const TICKET_RECEIVED: &str = "We have received your request. 我们已收到您的反馈";
/// An agent's answers on a ticket.
pub(super) const TICKET_ANSWER: [&str; 4] =
    ["已核实,为您安排补发", "请补充购买凭证", "We are looking into it and come back to you", "问题已修复,请重新登录试试"];
